/** A value of the configuration as everybody else has it: nobody changes it any more. */
export type Frozen<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : { readonly [Key in keyof Value]: Frozen<Value[Key]> };

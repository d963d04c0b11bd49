/** What of the package i2c-bus 5.2.3 is used; it has no types of its own. */
declare module "i2c-bus" {
  /** Opens /dev/i2c-N; that file is opened by the first transfer to each address. */
  export function open(busNumber: number, opened: (error: Error | null) => void): I2CBus;

  export interface I2CBus {
    i2cWrite(
      address: number,
      length: number,
      bytes: Buffer,
      done: (error: NodeJS.ErrnoException | null, written: number) => void,
    ): void;
    close(done: (error: Error | null) => void): void;
  }
}

// Every import of a package from inside src/core resolves to this file, which exports nothing: the compiler refuses it.
export {};

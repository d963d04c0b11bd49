/**
 * The three parts of undici that its client is made of, by their own files. The package's entry also loads everything that
 * `fetch`, caches, proxies and mocks need, which cost a start some 30 ms and 4 MiB. Their types are those of the entry.
 */

declare module "undici/lib/dispatcher/client.js" {
  import { Client } from "undici";
  export = Client;
}

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  export = buildConnector;
}

declare module "undici/lib/core/errors.js" {
  import { errors } from "undici";
  export = errors;
}

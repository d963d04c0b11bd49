/**
 * The keys of the made-up app and of the gateway that the sandbox plays: PKCS #8 in base64. They protect nothing; everybody has them.
 */
/** The app's id. */
export const APP_ID = "2026000000000001";

/** The app's private key. */
export const appPrivateKey =
  "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCtMGbdWNUF3MHZ2SU0zZOQpgjjcnmit1ZEXGpbyEGwrPqnGnt/" +
  "EsOof5sDHxK/q5bhCxJtTG56zjHFlQcdUuQyLmKPWdVH7iAV2sTdN/Qxl1r3WQBo5Mm0KuqBKI40Ox2RRyEtKwjdmw8oiyytTBvs" +
  "AcjKKOzox7q2nk+I3ovDtTHbsLhHA9vpQ5t2cPPKLWM7/7DFBjGwyS8fJIHEu5Awx1YTQzLe7vEOmSTNN0RsbOqQjVBYSKFTdjtQ" +
  "YwL3rtd3F12ssSZLiaqOmTRvaMUC7+4Jwy6FrFryxy0jmd4xcFCg62zzh7BOLKosJ31W08KNNVgDLwflwr8gE9GHsmlLAgMBAAEC" +
  "ggEBAIumJLvE/nhsqo8r7jlmrt+LUk18qCIRrWkQD98UWgvJX4/Q5dXwXn6G7oqUyrxs8wthrykc4VT64N1OLt9xUHo6NtUafcUz" +
  "eQHGVsl+bdRzFDGwvYjXOuGhXVhqSEhLhqr3bQQL2GlAt/dcSdkvLrCeO7bvSyDktGS+wKk/sflK1TLGVGDRJr0eRba8FhLmuEaS" +
  "nG8Ez6Z2uct77oSHESP1F290C2trisdbxr8i+6i21tflfKxs+JmblxiGDBKu8K1sb7rz/LxL3t6IStApbAmgiCEKCyyHKgzRvlZ1" +
  "wvqcsFjWV1tbbWROaiE6JdCDKdEZ4KbYEAPfOXZTjwK3UQkCgYEA2gJDD4CeNHAf3xjHKptiInV64lnJleYJ5/0GIapunZs5eHYH" +
  "MpFJwIxXiwXoMn0RBXZ1bv2sYoisyd00GTlsDri1eLHvF25N/JMHzkDikz9WSP5hOhqo+yoNShlzyx70wqyXWuuSG/70dxVaNJcl" +
  "3f70PMUY2J/7lWIA96TUBkcCgYEAy16nwIayMnnRWAPXE6GDn58nciP63NECVQpYCG1nFaIL8CpaXcDnAkAjRkbcsOJ3OV2uHZRT" +
  "5Qr0TXho3PrJRD5yfszsD2VMaAh3u2lATcxRN8l0eAbXBq/QBlqgpiySM7sGqVnR/TNjv4sQqgPvtOVHogm/5wslRJUXHM4IEt0C" +
  "gYBgidHiYoUsGV6zr0g64NXjBnzlEPeIbnaCiXQWol8bYapgYnurc9Th9AOsJ3B8Mw+/iIZWIPUeKQHC3jZ82QW1uyt5B+olSQ41" +
  "w3IYbnkm1UxDRIoPbdDYb/W0k3LIRqwCLOVVOK3ZwdvFg+oPEcON+6Fx66GmA6onq19cSlwtbwKBgBCYdM/9LeV4k2C/T3nGoFsS" +
  "PcHOtdX3KF2QLobhhpv5UUgT7LPh3fgNC9PcTH4SvO/teRvo0r/KGQ2JWeVOgcYT4nv+dPT8qzOCHWMpv5mZprcKtXpl9H4TMsKR" +
  "+rIUyQl3pZ+EOOKUovsqef2lvJXib+oFKafM/QmPsQckuPvxAoGBAKiKt+U8CNR6E26tYwJFJ9R0kYTCle164/Z/IA1KC2w8XYLv" +
  "05WkSGv7Hd5qWwk+2rZJk1T+pabSkRJjRB0qDWLvcEzD8zeITYKfINSVz5TckJSh4hI6KngqlqheD7z4zgaqjQ6i37vX8Ml9lfTT" +
  "Yi/CxMgX/sgb3BNBWbpM2UBx";

/** The gateway's private key. */
export const gatewayPrivateKey =
  "MIIEwAIBADANBgkqhkiG9w0BAQEFAASCBKowggSmAgEAAoIBAQDsdC8JWUkVr2Afoof1ua828YqzsOVraXnih534TG3RaifekJkL" +
  "cda1Nhzqzmy8OYavThzJhDAo9QJoVwojkgckqI5bWbOzf+59bZdZX8SuntHpHu0VuShM62tVOQTUDTbvI5QHiHesmeItxt9Pks4s" +
  "uTsjmVzDztUpbg08yXEXrbUz9YGPyLc4e5Cxx+Pw4/iKUHHmOTkqd7/p0U/GfuKkk+s+nWI0A72NJ+DD7wjVGT9dmBqzL5GzM1bJ" +
  "P+rvG9EDLvOaWNpJApOHSmNahy1SL67J0IxeuLgo3IAi1HP9W3ZKyH1o90tZPc+xWSE+4iyHcSGxSTVJZBoGk8/ubuB9AgMBAAEC" +
  "ggEBAON1kJnprgiSQGGuNCQJj6fHC6p4DPoa6QkldK0auLmu6NONPexogian+4FVOfyHSizxc3fXFY0QxFQjBrnZC84T532w+NE/" +
  "y+gUuHddTRK97SfYfDFdgIseHI5K334tiB7bltb4TEdZcN6gZMlja7pSJbXFHhuuqBfGqi1Dius+cZG7+nrkKzqeuitJbbAVuvXk" +
  "ewdIfCOT+pE3M3PP/7dusWR2E8HC6jGAslx2fMZn7O6T7+PJ/tJZkkpY2Mcw0V6wlNWdr43q5NtsUy4feqWJhC9TRXBkLfWM+PcW" +
  "m22pHxMk1f1iy2/SwTCSlnJQmVCXvvEAwFSUYEOGzQ3l4wECgYEA+xTEVcQU27NNEKnDVtQJqxdvPYlnfBQd2pjd59sdIIdNOkf6" +
  "90CcTQkwMh0R/nSEUrtlF5pL1zPrZ1EJsST9kLh8yolOYV5b2gswOZXayHJo3YIG1gT+NtMj3NxIaa3+Fv2nLCa9xwGC0v6ecmXG" +
  "dnY47aUhEhAP38+YA8/lvC0CgYEA8RYOtA9HAc8cMQTeS78Jp1ZDMUsuiPsQJUIyAJaACVMHiV4JgkJ2WbWLZKl1dM/CeKrWOWW9" +
  "9Cxghi9qdy+95co1d7ymdjSosePa89lbEGiJ8wugobD2Cod+M+6goC374YzAu/KNKcNgrIslmI89nG56+oeBKHLbhmjJilFMV5EC" +
  "gYEAtSHbLgBiB8kHLKE70bTwMKScVKl+pW2hx+SGGdDh52iUlxn8fEj5OT4Krex44bfPChw0pt1iHyNOjN9SfaAw6SmepUJ+8BFx" +
  "dBCkPrbT+c1Hx50ZL2a0unqBocCs4MhryMw+wMRGHn4BkhOr3N19WlKZaR+6htxdh1ms0fs2QhUCgYEAnDHKPOZY/tcMUMXyr+iJ" +
  "fJzq05j+AUmH4FvOwYrAUUo16829I2OkAeMY+JLBwniIal1khbNhKj1GHCnENIv94E7t7TGQN61OTlJtnOcJlMvl9E1oONnJznCS" +
  "V1sXPjAMrMjgZeRziMdIbwGHzhufsyXxDzeTen1PtPlW+gJKD8ECgYEAjpiTwdv9qVDj6prjxg4OAkObkqr+SJIkK9fPL1VXKQLT" +
  "BfzbTXqYGTMWV62yT1vOu9gPpyZw1g+35C7plpYZQdI8u6zLJ08ieAt+mctLeOPhQNGAbELpWD3mjLoGIWLdCpuiRn1RkFVoWxTo" +
  "3QPwTIFXeBBEU8rZSwTWLlv8Kio=";

/** The gateway's public key, base64. */
export const gatewayPublicKey =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7HQvCVlJFa9gH6KH9bmvNvGKs7Dla2l54oed+Ext0Won3pCZC3HWtTYc" +
  "6s5svDmGr04cyYQwKPUCaFcKI5IHJKiOW1mzs3/ufW2XWV/Erp7R6R7tFbkoTOtrVTkE1A027yOUB4h3rJniLcbfT5LOLLk7I5lc" +
  "w87VKW4NPMlxF621M/WBj8i3OHuQscfj8OP4ilBx5jk5Kne/6dFPxn7ipJPrPp1iNAO9jSfgw+8I1Rk/XZgasy+RszNWyT/q7xvR" +
  "Ay7zmljaSQKTh0pjWoctUi+uydCMXri4KNyAItRz/Vt2Ssh9aPdLWT3PsVkhPuIsh3EhsUk1SWQaBpPP7m7gfQIDAQAB";

/** The app's public key, base64. */
export const appPublicKey =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArTBm3VjVBdzB2dklNM2TkKYI43J5ordWRFxqW8hBsKz6pxp7fxLDqH+b" +
  "Ax8Sv6uW4QsSbUxues4xxZUHHVLkMi5ij1nVR+4gFdrE3Tf0MZda91kAaOTJtCrqgSiONDsdkUchLSsI3ZsPKIssrUwb7AHIyijs" +
  "6Me6tp5PiN6Lw7Ux27C4RwPb6UObdnDzyi1jO/+wxQYxsMkvHySBxLuQMMdWE0My3u7xDpkkzTdEbGzqkI1QWEihU3Y7UGMC967X" +
  "dxddrLEmS4mqjpk0b2jFAu/uCcMuhaxa8sctI5neMXBQoOts84ewTiyqLCd9VtPCjTVYAy8H5cK/IBPRh7JpSwIDAQAB";

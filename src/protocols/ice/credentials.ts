/** One side's ufrag and password (RFC 8445 §5.3): who knows both sides' may send checks. */
export type IceCredentials = { readonly ufrag: string; readonly pwd: string };

/** What both versions of AMF can say, and what we put up with. */

/** A value as AMF carries it (AMF 0 §2). */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | AmfObject
  | readonly AmfValue[];

/** A Map, since its keys come from the network: `__proto__` is a name like any other. */
export type AmfObject = ReadonlyMap<string, AmfValue>;

/** Why bytes are no AMF. */
export type AmfReject =
  | 'amf-truncated'
  | 'amf-too-deep'
  | 'amf-too-many-values'
  | 'amf-bad-reference'
  | 'amf-unsupported-type';

/** Encoders send objects in arrays in metadata at most: depth 3. */
export const DEPTH_MAX = 8;
/** Of one message, object members included; OBS's metadata has about 20. */
export const VALUES_MAX = 1024;

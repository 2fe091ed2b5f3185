/** Parts that the API's shapes are made of. */
import * as v from 'valibot';

/** A shape with a sentence about it, which goes into the OpenAPI document. */
export function says<const Schema extends v.GenericSchema>(schema: Schema, text: string) {
  return v.pipe(schema, v.description<v.InferOutput<Schema>, string>(text));
}

/** A point in time: ISO 8601, UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp());
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** From none to all. */
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** A shape's values, as nobody may change them. */
export type Shape<Schema extends v.GenericSchema> = ReadonlyDeep<v.InferOutput<Schema>>;

type ReadonlyDeep<Value> = Value extends readonly (infer Item)[]
  ? readonly ReadonlyDeep<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: ReadonlyDeep<Value[Key]> }
    : Value;

/** Parts that the API's shapes are made of. */
import * as v from 'valibot';

/** A shape with a sentence about it, which goes into the OpenAPI document. */
export function says<const Schema extends v.GenericSchema>(schema: Schema, text: string) {
  return v.pipe(schema, v.description<v.InferOutput<Schema>, string>(text));
}

/** A point in time: ISO 8601, UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp());
/**
 * A point in time as whoever asks writes it: with minutes in its offset. Without, as ISO 8601 has it too, `Date.parse` knows no
 * such time, and what was to end would never end.
 */
export const givenTime = v.pipe(
  v.string(),
  v.isoTimestamp('a time such as 2026-12-24T18:00:00Z'),
  v.regex(/(Z|[+-]\d\d:?\d\d)$/i, 'a time such as 2026-12-24T18:00:00Z'),
);
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

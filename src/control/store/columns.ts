/** What rows hold, read back as what was put in. */
import type { Row } from './database.ts';

export function text(row: Row, column: string): string {
  return row[column] as string;
}

export function optionalText(row: Row, column: string): string | undefined {
  return (row[column] as string | null) ?? undefined;
}

export function ms(row: Row, column: string): number {
  return row[column] as number;
}

export function optionalMs(row: Row, column: string): number | undefined {
  return (row[column] as number | null) ?? undefined;
}

/** JSON that we wrote ourselves. */
export function json<Value>(row: Row, column: string): Value {
  return JSON.parse(text(row, column)) as Value;
}

export function count(row: Row, column: string): number {
  return row[column] as number;
}

export function blob(row: Row, column: string): Uint8Array<ArrayBuffer> {
  return row[column] as Uint8Array<ArrayBuffer>;
}

export function optionalBlob(row: Row, column: string): Uint8Array<ArrayBuffer> | undefined {
  return (row[column] as Uint8Array<ArrayBuffer> | null) ?? undefined;
}

/** The JSON text of a value; what JSON has no word for is `null`. Throws a TypeError for cycles and BigInts. */
export function toText(value: unknown): string {
	return JSON.stringify(value) ?? 'null';
}

export function fromText(text: string): unknown {
	return JSON.parse(text);
}

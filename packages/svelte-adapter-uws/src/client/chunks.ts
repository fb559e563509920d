/** A server takes control frames below 8,192 bytes and reads 256 topics of one; the rest is room for the scaffolding. */
const MAX_BYTES = 7800;
const MAX_ITEMS = 200;

/** Cuts items into groups that fit a control frame each. An item counts with the bytes of the JSON of `text`. */
export function chunks<T>(items: Iterable<T>, text: (item: T) => string): T[][] {
	const groups: T[][] = [];
	const encoder = new TextEncoder();
	let group: T[] = [];
	let bytes = Infinity;
	for (const item of items) {
		const size = encoder.encode(JSON.stringify(text(item))).length + 1;
		if (bytes + size > MAX_BYTES || group.length === MAX_ITEMS) {
			groups.push((group = []));
			bytes = 0;
		}
		group.push(item);
		bytes += size;
	}
	return groups;
}

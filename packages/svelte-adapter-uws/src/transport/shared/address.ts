/** The shortest usual form of an address: IPv4 without its IPv6 mapping. Anything else stays as it is. */
export function normalizeAddress(text: string): string {
	if (!text.includes(':')) return text;
	const mapped = /^(?:::|(?:0{1,4}:){5})ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(text);
	if (!mapped) return compress(text);
	if (mapped[1]) return mapped[1];
	const high = Number.parseInt(mapped[2]!, 16);
	const low = Number.parseInt(mapped[3]!, 16);
	return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** Writes a full-length IPv6 address as people do: no leading zeros, the longest run of zeros as `::`. */
function compress(text: string): string {
	const groups = text.split(':');
	if (groups.length !== 8 || groups.includes('')) return text;
	const short = groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':');
	const runs = short.match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
	const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
	if (longest === '') return short;
	return short.replace(longest, short.startsWith(longest) || short.endsWith(longest) ? '::' : ':').replace(/:{3,}/, '::');
}

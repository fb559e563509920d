/**
 * Whether an `Accept-Encoding` header lists `coding` with a quality above zero. Wildcards do not count: an encoding that
 * was not named is not sent. A quality that is not a number counts as zero.
 */
export function accepts(header: string, coding: string): boolean {
	let start = 0;
	while (start < header.length) {
		const comma = header.indexOf(',', start);
		const end = comma === -1 ? header.length : comma;
		const semicolon = header.indexOf(';', start);
		const nameEnd = semicolon === -1 || semicolon > end ? end : semicolon;
		if (header.slice(start, nameEnd).trim().toLowerCase() === coding)
			return nameEnd === end || isWanted(header.slice(nameEnd + 1, end));
		start = end + 1;
	}
	return false;
}

function isWanted(parameters: string): boolean {
	for (const parameter of parameters.split(';')) {
		const [name, value = ''] = parameter.split('=', 2);
		if (name!.trim().toLowerCase() === 'q') return Number(value.trim() || '0') > 0;
	}
	return true;
}

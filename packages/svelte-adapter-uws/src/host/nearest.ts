/** The known name closest to `name`, when it is close enough to be a slip of the finger. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
	const scored = known.map((other) => ({ other, distance: editDistance(name.toLowerCase(), other.toLowerCase()) }));
	const best = scored.reduce((a, b) => (b.distance < a.distance ? b : a));
	return best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.other : undefined;
}

function editDistance(a: string, b: string): number {
	let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
			row.push(Math.min(row[j - 1]! + 1, previous[j]! + 1, substitution));
		}
		previous = row;
	}
	return previous[b.length]!;
}

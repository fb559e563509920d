/** What is known of a function's parameters: how many there are, and the first. */
export interface Parameters {
	readonly count: number;
	/** Name of the first where it is a plain name; otherwise what it is. */
	readonly first: { readonly name: string } | 'destructured' | 'default' | 'rest' | undefined;
}

const NAMES: ReadonlySet<string> = new Set(['ctx', '_ctx', 'context']);

/** Whether a topic function with these parameters takes `ctx` first. The build and the server share this table. */
export function takesContext({ count, first }: Parameters): boolean {
	if (first === undefined) return false;
	if (typeof first === 'object' && NAMES.has(first.name)) return true;
	// One parameter of another name is the client's argument, as is one that is taken apart.
	return count > 1 && first !== 'rest';
}

/** What an author should hear of a topic function whose meaning is easy to mistake; `undefined` when it is clear. */
export function doubtOf({ count, first }: Parameters): string | undefined {
	if (first === undefined || (typeof first === 'object' && NAMES.has(first.name))) return undefined;
	if (count > 1 && first !== 'rest') return 'its first parameter is taken for ctx. Name it ctx.';
	if (first === 'destructured')
		return 'its parameter is taken for the first argument of the client. Set topicCtx: false to say so, or topicCtx: true if it is ctx.';
	return undefined;
}

/** Reads the parameters out of the text of a function. */
export function parametersOf(run: (...args: any[]) => unknown): Parameters {
	const text = Function.prototype.toString.call(run);
	const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(text);
	if (single) return { count: 1, first: { name: single[1]! } };
	const parts = splitTopLevel(text.slice(text.indexOf('(') + 1));
	const [first] = parts;
	return { count: parts.length, first: first === undefined ? undefined : kindOf(first) };
}

function kindOf(parameter: string): Parameters['first'] {
	if (parameter.startsWith('...')) return 'rest';
	if (parameter.startsWith('{') || parameter.startsWith('[')) return 'destructured';
	return parameter.includes('=') ? 'default' : { name: parameter };
}

/** The parts between commas up to the parenthesis that closes the list; what stands in brackets and strings is skipped. */
function splitTopLevel(text: string): string[] {
	const parts: string[] = [];
	let part = '';
	let depth = 0;
	for (let i = 0; i < text.length; i++) {
		const unit = text[i]!;
		if (unit === '/' && text[i + 1] === '*') {
			i = text.indexOf('*/', i) + 1;
			continue;
		}
		if (unit === '"' || unit === "'" || unit === '`') {
			const end = text.indexOf(unit, i + 1);
			part += text.slice(i, end + 1);
			i = end;
			continue;
		}
		if (unit === ')' && depth === 0) break;
		if ('([{'.includes(unit)) depth++;
		else if (')]}'.includes(unit)) depth--;
		if (unit === ',' && depth === 0) {
			parts.push(part.trim());
			part = '';
		} else part += unit;
	}
	if (part.trim() !== '') parts.push(part.trim());
	return parts;
}

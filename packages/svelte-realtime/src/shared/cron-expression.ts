/** A schedule that has been checked, in the form that its computation takes. */
export interface CronExpression {
	/** Six fields, seconds first: numbers, names, ranges, steps and lists. */
	readonly pattern: string;
	/** Whether it has a wall-clock time of its own, rather than repeating each hour: such a time is one run, also when clocks are set back over it. */
	readonly hasHours: boolean;
}

interface Field {
	readonly name: string;
	readonly min: number;
	readonly max: number;
	/** What the names stand for, from `min` on. */
	readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
	{ name: 'second', min: 0, max: 59 },
	{ name: 'minute', min: 0, max: 59 },
	{ name: 'hour', min: 0, max: 23 },
	{ name: 'day of month', min: 1, max: 31 },
	{ name: 'month', min: 1, max: 12, names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ') },
	{ name: 'weekday', min: 0, max: 7, names: 'SUN MON TUE WED THU FRI SAT'.split(' ') }
];

const MACROS: Readonly<Record<string, string>> = {
	'@yearly': '0 0 1 1 *',
	'@annually': '0 0 1 1 *',
	'@monthly': '0 0 1 * *',
	'@weekly': '0 0 * * 0',
	'@daily': '0 0 * * *',
	'@midnight': '0 0 * * *',
	'@hourly': '0 * * * *'
};

const DAYS_IN_MONTH: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const PART = /^(?:(\*)|([0-9]+|[A-Za-z]+)(?:-([0-9]+|[A-Za-z]+))?)(?:\/([0-9]+))?$/;

/**
 * Checks an expression: `minute hour day-of-month month weekday`, a field for seconds before them if there are six, or a macro
 * such as `@daily`. Throws a RangeError that says which part is wrong.
 */
export function parseCron(text: string): CronExpression {
	const words = text.trim().split(/\s+/);
	if (words.length === 1 && words[0]!.startsWith('@')) {
		const macro = MACROS[words[0]!.toLowerCase()];
		if (!macro) throw new RangeError(`${words[0]} is no macro. There are ${Object.keys(MACROS).join(', ')}`);
		return parseCron(macro);
	}
	if (words.length === 5) words.unshift('0');
	if (words.length !== FIELDS.length)
		throw new RangeError(
			'it has to have 5 fields (minute, hour, day of month, month, weekday), or 6 with the second before them'
		);
	const fields = words.map((word, i) => parseField(FIELDS[i]!, word));
	const [, , hour, day, month, weekday] = fields as [Parsed, Parsed, Parsed, Parsed, Parsed, Parsed];
	if (weekday.text === '*' && !month.values.some((m) => day.values.some((d) => d <= DAYS_IN_MONTH[m - 1]!)))
		throw new RangeError('no month of it has such a day, so it would never run');
	return { pattern: fields.map((field) => field.text).join(' '), hasHours: !hour.text.startsWith('*') };
}

interface Parsed {
	readonly text: string;
	readonly values: readonly number[];
}

function parseField(field: Field, word: string): Parsed {
	const parts = word.split(',').map((part) => parsePart(field, part));
	return { text: parts.map(({ text }) => text).join(','), values: parts.flatMap(({ values }) => values) };
}

function parsePart(field: Field, part: string): Parsed {
	const match = PART.exec(part);
	if (!match) throw new RangeError(`${JSON.stringify(part)} is no ${field.name}. Write *, n, a-b or a step of them such as */n`);
	const [, star, first, last, step] = match;
	const from = star ? field.min : valueOf(field, first!);
	// `5/15` is every 15th from 5 on. The weekday 7 is a name of 0, so whole ranges end before it.
	const whole = field.names ? field.min + field.names.length - 1 : field.max;
	const to = last ? valueOf(field, last) : star || step ? Math.max(whole, from) : from;
	if (from > to) throw new RangeError(`the ${field.name} ${part} ends before it begins`);
	const by = step === undefined ? 1 : Number(step);
	if (by < 1 || by > field.max) throw new RangeError(`the step of the ${field.name} ${part} is not from 1 to ${field.max}`);
	const values: number[] = [];
	for (let value = from; value <= to; value += by) values.push(value);
	const range = star ? '*' : from === to ? `${from}` : `${from}-${to}`;
	return { text: by === 1 ? range : star ? `*/${by}` : from === to ? `${from}` : `${range}/${by}`, values };
}

function valueOf({ name, min, max, names = [] }: Field, text: string): number {
	const index = names.indexOf(text.toUpperCase());
	const value = index === -1 ? Number(text) : min + index;
	// Also what is no number.
	if (!(value >= min && value <= max)) throw new RangeError(`${text} is no ${name}. They go from ${min} to ${max}`);
	return value;
}

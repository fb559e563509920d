import type { Result, Scenario } from './scenarios.ts';

export interface Measured {
	readonly scenario: Scenario;
	readonly results: ReadonlyMap<string, readonly Result[]>;
}

const HEAD = ['scenario', 'subject', 'median', 'unit', 'server µs', 'by rate', 'by time', 'goal'];

/** All results as one table: medians, and ratios to the first subject of each scenario (above 1 is better than it, everywhere). */
export function table(measured: readonly Measured[], markdown: boolean): string {
	const rows = measured.flatMap(({ scenario, results }) => {
		const medians = new Map([...results].map(([subject, list]) => [subject, median(list)]));
		const first = medians.get(scenario.subjects[0]!)!;
		return scenario.subjects.map((subject, i) => {
			const { value, cpu } = medians.get(subject)!;
			return [
				i === 0 ? scenario.name : '',
				subject,
				Math.round(value).toLocaleString('en'),
				scenario.unit,
				cpu.toFixed(2),
				byRate(scenario, medians.get(subject)!, first).toFixed(2),
				byTime(medians.get(subject)!, first).toFixed(2),
				goal(scenario, subject, medians)
			];
		});
	});
	return markdown ? asMarkdown(rows) : asText(rows);
}

/** How much better the first result is than the second. */
function ratio(scenario: Scenario, one: Result, other: Result): number {
	return scenario.by === 'time' ? byTime(one, other) : byRate(scenario, one, other);
}

function byRate({ by }: Scenario, one: Result, other: Result): number {
	return by === 'less' ? other.value / one.value : one.value / other.value;
}

function byTime(one: Result, other: Result): number {
	return other.cpu / one.cpu;
}

function goal(scenario: Scenario, subject: string, medians: ReadonlyMap<string, Result>): string {
	const asked = scenario.goals[subject];
	if (!asked) return '';
	const result = medians.get(subject)!;
	if ('atMost' in asked) {
		const { atMost, atMostTime = Infinity } = asked;
		const time = atMostTime < Infinity ? ` and ${atMostTime} µs` : '';
		return `at most ${atMost}${time}: ${result.value <= atMost && result.cpu <= atMostTime ? 'met' : 'missed'}`;
	}
	const reached = ratio(scenario, result, medians.get(asked.of)!);
	return `${reached.toFixed(2)} of ${asked.of}, goal ${asked.ratio}: ${reached >= asked.ratio ? 'met' : 'missed'}`;
}

function median(results: readonly Result[]): Result {
	const middle = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)]!;
	return { value: middle(results.map(({ value }) => value)), cpu: middle(results.map(({ cpu }) => cpu)) };
}

function asMarkdown(rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
	return [line(HEAD), '| --- | --- | ---: | --- | ---: | ---: | ---: | --- |', ...rows.map(line)].join('\n');
}

function asText(rows: readonly (readonly string[])[]): string {
	const all = [HEAD, ...rows];
	const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
	return all
		.map((row) =>
			row
				.map((cell, i) => cell.padEnd(widths[i]!))
				.join('  ')
				.trimEnd()
		)
		.join('\n');
}

/**
 * Measures the servers beside each other and prints one table.
 * `npm run bench`, with `-- --only <text in the scenario's name>`, `--rounds N` (default 3), `--seconds N` (default 3), `--markdown`;
 * `--quick` is one round of a second, `--micro` runs the benchmarks of parts instead.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SCENARIOS, type Result, type Scenario } from './wire/scenarios.ts';
import { pinLoad, Server } from './wire/server.ts';
import { table, type Measured } from './wire/table.ts';

const { values } = parseArgs({
	options: {
		only: { type: 'string', multiple: true },
		rounds: { type: 'string' },
		seconds: { type: 'string' },
		quick: { type: 'boolean', default: false },
		micro: { type: 'boolean', default: false },
		markdown: { type: 'boolean', default: false }
	}
});

function positive(name: 'rounds' | 'seconds'): number {
	const number = Number(values[name] ?? (values.quick ? 1 : 3));
	if (number > 0) return number;
	throw new Error(`--${name}: got ${values[name]}, expected a number above 0`);
}

const rounds = positive('rounds');
const ms = positive('seconds') * 1_000;
const chosen = SCENARIOS.filter(
	({ name }) => !values.only || values.only.some((text) => name.toLowerCase().includes(text.toLowerCase()))
);
if (chosen.length === 0)
	throw new Error(`--only: got ${values.only?.join(', ')}, expected a part of: ${SCENARIOS.map(({ name }) => name).join('; ')}`);

/** The subjects take turns, and each round begins with another one, so that a busy minute of the machine hits all of them. */
async function measure(scenario: Scenario): Promise<Measured> {
	const results = new Map<string, Result[]>(scenario.subjects.map((subject) => [subject, []]));
	for (let round = 0; round < rounds; round++) {
		for (let i = 0; i < scenario.subjects.length; i++) {
			const subject = scenario.subjects[(i + round) % scenario.subjects.length]!;
			await using server = await Server.start(subject, scenario.flags);
			const result = await scenario.run(server, subject, ms);
			results.get(subject)!.push(result);
			console.error(`${scenario.name}: ${subject}: ${Math.round(result.value)} ${scenario.unit}, ${result.cpu.toFixed(2)} µs`);
		}
	}
	return { scenario, results };
}

/** Runs the benchmarks of parts, one after the other. Throws when one of them fails. */
function runMicro(): void {
	for (const file of globSync('micro/*/*.bench.ts', { cwd: import.meta.dirname }).toSorted()) {
		console.log(`\n${file}`);
		const { status } = spawnSync(process.execPath, [join(import.meta.dirname, file)], { stdio: 'inherit' });
		if (status !== 0) throw new Error(`${file} failed: see above.`);
	}
}

if (values.micro) runMicro();
else {
	pinLoad();
	const measured: Measured[] = [];
	for (const scenario of chosen) measured.push(await measure(scenario));
	console.log(table(measured, values.markdown));
}

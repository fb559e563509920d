import { rmSync } from 'node:fs';
import { PROJECTS } from './project.ts';

/** Nothing of a run before may pass for what this run has packed and built. */
export default function clean(): void {
	rmSync(PROJECTS, { recursive: true, force: true });
}

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Loaded before a server: at SIGUSR2 it collects its garbage and says how much memory of the process is resident.
process.on('SIGUSR2', () => {
	// Not by a flag of the process, which would make the cache of compiled modules of a build another one.
	setFlagsFromString('--expose-gc');
	const gc = runInNewContext('gc');
	for (let i = 0; i < 3; i++) gc();
	console.log(`memory: ${process.memoryUsage.rss()}`);
});

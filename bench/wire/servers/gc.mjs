// Loaded before a server: SIGUSR2 collects its garbage, so that its memory can be read.
process.on('SIGUSR2', () => {
	globalThis.gc?.();
	console.log('collected');
});

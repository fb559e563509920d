import type { HandleServerError } from '@sveltejs/kit/hooks';

process.on('sveltekit:shutdown', async (reason) => {
	await new Promise((resolve) => setImmediate(resolve));
	console.log(`app shut down: ${String(reason)}`);
});

export const handleError: HandleServerError = () => ({ message: 'Something failed' });

// Preloaded into the server that `npm start` runs: ends it in order when its parent was killed and could not pass the signal on.
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel) {
	process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
	process.channel.unref();
}

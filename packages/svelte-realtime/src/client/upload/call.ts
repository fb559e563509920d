import type { LiveClient } from '../live-client.ts';
import type { UploadCall } from './handle.ts';
import { Upload } from './upload.ts';

/** Creates the stub of a procedure that takes uploads. */
export function createUploadCall(live: () => LiveClient, path: string): UploadCall {
	return (source, ...args) => new Upload(live(), path, source, args);
}

import { isRequest, parseRequest, type Bounds, type Untrusted } from '../parse.ts';
import type { UploadHeader } from '../../shared/upload-frame.ts';

/** What the first part of an upload says; `undefined` when it cannot be understood. */
export function parseHeader(text: string, bounds: Bounds): UploadHeader | undefined {
	const parsed = parseRequest(text, bounds);
	if (!parsed || !('single' in parsed) || !isRequest(parsed.single)) return undefined;
	const { rpc, args = [], flow, size, crc32, sha256, resume, traceparent }: Untrusted = parsed.single;
	if (!Array.isArray(args)) return undefined;
	if (size !== undefined && !isCount(size)) return undefined;
	if (crc32 !== undefined && crc32 !== true && !isCount(crc32)) return undefined;
	if (sha256 !== undefined && sha256 !== true && !isHash(sha256)) return undefined;
	return {
		rpc,
		args: args as readonly unknown[],
		...(flow === true ? { flow } : {}),
		...(size === undefined ? {} : { size }),
		...(crc32 === undefined ? {} : { crc32 }),
		...(sha256 === undefined ? {} : { sha256 }),
		...(resume === true ? { resume } : {}),
		...(typeof traceparent === 'string' ? { traceparent } : {})
	};
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

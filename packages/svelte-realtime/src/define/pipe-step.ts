import type { Context } from './context.ts';

/** One step of a pipe. */
export type PipeStep =
	| { readonly step: 'filter'; readonly passes: (ctx: any, item: any) => boolean; readonly usesContext: boolean }
	| { readonly step: 'sort'; readonly field: string; readonly direction: 'asc' | 'desc' }
	| { readonly step: 'limit'; readonly count: number }
	| { readonly step: 'join'; readonly field: string; readonly resolve: (value: any) => unknown; readonly as: string }
	| { readonly step: 'custom'; readonly transformInit: (data: any, ctx: Context) => unknown };

export type * from './merge/reducer.ts';

export * from '../../../../packages/conformance/src/wire/live.ts';

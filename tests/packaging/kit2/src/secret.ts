import { env } from '$env/dynamic/private';

export const secret = env.APP_SECRET;

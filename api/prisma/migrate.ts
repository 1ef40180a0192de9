/** Brings the database at DATABASE_URL up to the newest migration: the one-shot step of a deployment. */
import { join } from 'node:path';
import { migrate } from '../src/platform/migrate.ts';

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error('DATABASE_URL must be set');
const applied = await migrate(databaseUrl, join(import.meta.dirname, 'migrations'));
console.log(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);

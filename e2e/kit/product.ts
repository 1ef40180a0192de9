/** The whole product for one file of journeys: own data folder, own ports, ended with the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Product, startProduct } from '../../scripts/run/product.ts';
import { prepare } from '../../scripts/setup/prepare.ts';

export interface TestProduct extends Product, AsyncDisposable {
  readonly dataDir: string;
}

/** Starts it without the demo programme unless one is asked for. */
export async function startTestProduct(
  options: { env?: Record<string, string>; apiEnv?: Record<string, string>; demoProgramme?: string } = {},
): Promise<TestProduct> {
  const dataDir = await mkdtemp(join(tmpdir(), 'walnut-live-e2e-'));
  const product = await startProduct({
    dataDir,
    prepared: await prepare({ forTests: true, apps: true }),
    unusualPorts: true,
    env: { AUTH_RATE_PER_MINUTE: '600', ADDRESS_RATE_FACTOR: '100', ...options.env },
    ...(options.apiEnv ? { apiEnv: options.apiEnv } : {}),
    ...(options.demoProgramme ? { demoProgramme: options.demoProgramme } : {}),
  });
  return Object.assign(product, {
    dataDir,
    async [Symbol.asyncDispose]() {
      await product.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  });
}

/** Small helpers for things that end: one reason, once. */

export interface Closing {
  readonly closed: boolean;
  /** Runs the undo steps in reverse order on the first call; later calls do nothing. */
  close(reason: string): void;
  /** Registers an undo step; when already closed it runs at once. */
  onClose(undo: (reason: string) => void): void;
}

export function createClosing(): Closing {
  let reason: string | null = null;
  const undos: Array<(reason: string) => void> = [];
  return {
    get closed() {
      return reason !== null;
    },
    close(why) {
      if (reason !== null) return;
      reason = why;
      for (const undo of undos.splice(0).reverse()) undo(why);
    },
    onClose(undo) {
      if (reason !== null) undo(reason);
      else undos.push(undo);
    },
  };
}

/** Listeners of one fact. `subscribe` returns its undo. */
export interface Signal<T> {
  /** Tells every listener, whatever the others do; never throws. What one of them throws is told as a process warning. */
  emit(value: T): void;
  subscribe(listener: (value: T) => void): () => void;
}

export function createSignal<T>(): Signal<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    emit(value) {
      for (const listener of [...listeners]) {
        try {
          listener(value);
        } catch (error) {
          process.emitWarning(error instanceof Error ? error : String(error));
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Runs asynchronous jobs one after the other; a failed job does not stop the next. */
export function createSerial(): <T>(job: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = tail.then(job, job);
    tail = result.catch(() => undefined);
    return result;
  };
}

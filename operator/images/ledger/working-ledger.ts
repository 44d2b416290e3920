import type { ImageLedger } from './image-ledger.ts';
import type { ImageStore, StoredImageLedger } from './image-store.ts';

/** The ledger during one reconcile. Each change is stored before the next step. */
export class WorkingLedger {
  readonly #store: Pick<ImageStore, 'readLedger' | 'writeLedger'>;
  #stored: StoredImageLedger = { ledger: {} };

  constructor(store: Pick<ImageStore, 'readLedger' | 'writeLedger'>) {
    this.#store = store;
  }

  /** Reads the stored ledger. */
  async read(): Promise<void> {
    this.#stored = await this.#store.readLedger();
  }

  /** The ledger as it is stored. Empty before {@link WorkingLedger.read}. */
  get current(): ImageLedger {
    return this.#stored.ledger;
  }

  /** Stores the ledger if it differs. Throws if another operator has stored one meanwhile. */
  async write(ledger: ImageLedger): Promise<void> {
    if (JSON.stringify(ledger) === JSON.stringify(this.#stored.ledger)) return;
    this.#stored = await this.#store.writeLedger({ ...this.#stored, ledger });
  }
}

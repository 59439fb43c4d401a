import { currentStep, type StepScope } from './step-scope.ts'

/** An error that no step caught: a promise that was let go, a timer of a handler. */
export interface StrayError {
  readonly error: unknown
  readonly kind: 'rejection' | 'exception'
  /** Whose code it was, where that is known. */
  readonly step: StepScope | null
}

/** Keeps errors that nobody caught from ending the process and all steps in it, until disposed of. */
export function catchStrayErrors(tell: (stray: StrayError) => void): Disposable {
  const rejection = (error: unknown): void => tell({ error, kind: 'rejection', step: currentStep() })
  const exception = (error: unknown): void => tell({ error, kind: 'exception', step: currentStep() })
  process.on('unhandledRejection', rejection)
  process.on('uncaughtException', exception)
  return {
    [Symbol.dispose]: () => {
      process.off('unhandledRejection', rejection)
      process.off('uncaughtException', exception)
    },
  }
}

/** The first answer that is not null, as soon as it is there; null when all are. @throws the first error where nothing was found */
export function firstFound<Found>(answers: readonly Promise<Found | null>[]): Promise<Found | null> {
  return new Promise((resolve, reject) => {
    const all = answers.map((answer) =>
      answer.then((found) => {
        if (found !== null) resolve(found)
      }),
    )
    Promise.all(all).then(
      () => resolve(null),
      (error: unknown) => {
        void Promise.allSettled(all).then(() => reject(error))
      },
    )
  })
}

export type Node = { readonly kind: 'constant'; readonly offset: number }

// buffer.d.ts — Methods of Node's Buffer that its types leave out: latin1 without the dispatch on the
// encoding's name, which costs a tenth of a GET. They have been there since Node 4.

interface Buffer {
  latin1Slice(start?: number, end?: number): string
  latin1Write(text: string, offset?: number, length?: number): number
}

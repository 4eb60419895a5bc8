// A byte value that is equal by content: payloads, keys, hashes in text form.
// Used by every file that holds bytes; never changes after it was made.
namespace Refold.Core

open System
open System.Text

/// Immutable bytes with equality by content.
[<Sealed>]
type Bytes private (memory: ReadOnlyMemory<byte>) =

    static let empty = Bytes ReadOnlyMemory.Empty

    /// No bytes.
    static member Empty: Bytes = empty

    /// Takes the memory without copying it: the caller must never change it afterwards.
    static member Wrap(memory: ReadOnlyMemory<byte>) : Bytes = if memory.IsEmpty then empty else Bytes memory

    /// A copy of the bytes.
    static member Copy(span: ReadOnlySpan<byte>) : Bytes = if span.IsEmpty then empty else Bytes(ReadOnlyMemory(span.ToArray()))

    /// The UTF-8 form of a string.
    static member OfText(text: string) : Bytes = Bytes.Wrap(ReadOnlyMemory(Encoding.UTF8.GetBytes text))

    /// The bytes of a hexadecimal string; throws `FormatException` where it is none.
    static member OfHex(hex: string) : Bytes = Bytes.Wrap(ReadOnlyMemory(Convert.FromHexString hex))

    /// The bytes, read only.
    member _.Memory: ReadOnlyMemory<byte> = memory

    /// The bytes, read only.
    member _.Span: ReadOnlySpan<byte> = memory.Span

    /// How many bytes there are.
    member _.Length: int = memory.Length

    /// Lower-case hexadecimal.
    member _.ToHex() : string = Convert.ToHexStringLower memory.Span

    /// The bytes read as UTF-8; invalid sequences become U+FFFD.
    member _.ToText() : string = Encoding.UTF8.GetString memory.Span

    /// Whether both hold the same bytes.
    member _.Equals(other: Bytes) : bool = memory.Span.SequenceEqual(other.Memory.Span)

    override this.Equals(other: obj | null) =
        match other with
        | :? Bytes as bytes -> this.Equals bytes
        | _ -> false

    /// FNV-1a over the bytes: the same in every process.
    override _.GetHashCode() =
        let mutable hash = 2166136261u

        for index in 0 .. memory.Length - 1 do
            hash <- (hash ^^^ uint32 (memory.Span[index])) * 16777619u

        int hash

    /// Lower-case hexadecimal, cut after 32 bytes.
    override this.ToString() =
        if memory.Length <= 32 then
            this.ToHex()
        else
            Convert.ToHexStringLower(memory.Span.Slice(0, 32)) + "..."

    interface IEquatable<Bytes> with
        member this.Equals other =
            match other with
            | null -> false
            | bytes -> this.Equals bytes

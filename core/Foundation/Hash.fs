// SHA-256 values (FIPS 180-4) and name-based ids (UUIDv8, RFC 9562 section 5.8).
// Used by heads, state hashes, ids, named random streams. The type is written for both languages.
namespace Refold

open System
open System.Buffers.Binary
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Security.Cryptography

/// A SHA-256 value: 32 bytes, equal by content. The default is 32 zero bytes, which is what an empty journal has for a head.
[<Struct; IsReadOnly; CustomEquality; NoComparison>]
type Hash private (first: uint64, second: uint64, third: uint64, fourth: uint64) =

    /// 32 zero bytes.
    static member Zero: Hash = Hash(0UL, 0UL, 0UL, 0UL)

    /// Exactly 32 bytes; throws `ArgumentException` for any other length.
    static member OfSpan(bytes: ReadOnlySpan<byte>) : Hash =
        if bytes.Length <> 32 then
            invalidArg (nameof bytes) "A hash has 32 bytes."

        Hash(
            BinaryPrimitives.ReadUInt64BigEndian bytes,
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 8),
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 16),
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 24)
        )

    /// The SHA-256 of the bytes.
    static member Compute(bytes: ReadOnlySpan<byte>) : Hash =
        let mutable digest = Vector256<byte>.Zero
        let place = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(&digest, 1))
        SHA256.HashData(bytes, place) |> ignore<int>
        Hash.OfSpan(Span.op_Implicit place)

    /// 64 hexadecimal digits of either case; false for anything else.
    static member TryParse(hex: string | null, [<Out>] hash: byref<Hash>) : bool =
        match hex with
        | null -> false
        | hex when hex.Length = 64 && Seq.forall Char.IsAsciiHexDigit hex ->
            hash <- Hash.OfSpan(ReadOnlySpan(Convert.FromHexString hex))
            true
        | _ -> false

    /// 64 hexadecimal digits of either case; throws `FormatException` for anything else.
    static member Parse(hex: string) : Hash =
        match Hash.TryParse hex with
        | true, hash -> hash
        | false, _ -> raise (FormatException "A hash has 64 hexadecimal digits.")

    /// 64 hexadecimal digits of either case; throws `FormatException` for anything else.
    static member op_Implicit(hex: string) : Hash = Hash.Parse hex

    /// Writes the 32 bytes to the front of the span.
    member _.CopyTo(destination: Span<byte>) : unit =
        BinaryPrimitives.WriteUInt64BigEndian(destination, first)
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice 8, second)
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice 16, third)
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice 24, fourth)

    /// A new array of the 32 bytes.
    member this.ToArray() : byte[] =
        let bytes = Array.zeroCreate 32
        this.CopyTo(Span bytes)
        bytes

    member private _.First: uint64 = first

    member private _.Second: uint64 = second

    member private _.Third: uint64 = third

    member private _.Fourth: uint64 = fourth

    /// Whether all 32 bytes are zero.
    member _.IsZero: bool = first = 0UL && second = 0UL && third = 0UL && fourth = 0UL

    /// Whether both hold the same 32 bytes.
    member _.Equals(other: Hash) : bool = first = other.First && second = other.Second && third = other.Third && fourth = other.Fourth

    override this.Equals(other: obj | null) =
        match other with
        | :? Hash as hash -> this.Equals hash
        | _ -> false

    override _.GetHashCode() = int (first ^^^ (first >>> 32))

    /// Whether both hold the same 32 bytes.
    static member op_Equality(left: Hash, right: Hash) : bool = left.Equals right

    /// Whether they differ.
    static member op_Inequality(left: Hash, right: Hash) : bool = not (left.Equals right)

    /// 64 lower-case hexadecimal digits.
    override this.ToString() = Convert.ToHexStringLower(ReadOnlySpan(this.ToArray()))

    interface IEquatable<Hash> with
        member this.Equals other = this.Equals other

namespace Refold.Core

open System
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Refold

/// A SHA-256 value.
type Hash = Refold.Hash

/// Hashing with Refold's framing.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Hash =

    /// SHA-256 over a domain name and whatever the function writes after it. The domain, length-prefixed, keeps uses apart.
    let ofParts (domain: string) (write: ByteWriter -> unit) : Hash =
        let writer = ScratchWriter.Take()
        writer.Text domain
        write writer
        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        hash

    /// Whether all 32 bytes are zero.
    let isZero (hash: Hash) : bool = hash.IsZero

    /// Writes the 32 bytes of a hash.
    let write (writer: ByteWriter) (hash: Hash) : unit =
        writer.Zeros 32
        hash.CopyTo(writer.WrittenSpan.Slice(writer.Length - 32))

    /// A UUIDv8 (RFC 9562) from the first 122 usable bits of a hash.
    let toGuid (hash: Hash) : Guid =
        let mutable room = Vector256<byte>.Zero
        let bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(&room, 1))
        hash.CopyTo bytes
        bytes[6] <- (bytes[6] &&& 0x0Fuy) ||| 0x80uy
        bytes[8] <- (bytes[8] &&& 0x3Fuy) ||| 0x80uy
        Guid(Span.op_Implicit (bytes.Slice(0, 16)), true)

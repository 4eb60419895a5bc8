// Bytes damaged at random, and readers held to their bounds: what fuzzing is made of.
// Called by StructureProperties.fs and FrameStructureProperties.fs.
module Refold.Properties.Damage

open System
open System.Diagnostics
open FsCheck.FSharp

/// One way of damaging bytes.
type Damage =
    | Flip of bit: int
    | Cut of length: int
    | Overwrite of start: int * noise: byte[]
    | Swap of first: int * second: int

let genDamage =
    let place = Gen.choose (0, Int32.MaxValue - 1)

    Gen.oneof
        [
            Gen.map Flip place
            Gen.map Cut place
            Gen.map2 (fun start noise -> Overwrite(start, noise)) place (Gen.arrayOf (Gen.choose (0, 255) |> Gen.map byte))
            Gen.map2 (fun first second -> Swap(first, second)) place place
        ]

let apply (damage: Damage) (bytes: byte[]) : byte[] =
    let damaged = Array.copy bytes

    match damage with
    | Flip bit ->
        let bit = bit % (bytes.Length * 8)
        damaged[bit / 8] <- damaged[bit / 8] ^^^ (1uy <<< bit % 8)
        damaged
    | Cut length -> Array.truncate (length % bytes.Length) damaged
    | Overwrite(start, noise) ->
        let start = start % bytes.Length
        Array.truncate (bytes.Length - start) noise |> fun noise -> noise.CopyTo(damaged, start)
        damaged
    | Swap(first, second) ->
        // Whole sectors, or halves of what is smaller: misdirected writes.
        let unit = if bytes.Length >= 1024 then 512 else bytes.Length / 2
        let at number = number % (bytes.Length / unit) * unit
        Array.blit bytes (at first) damaged (at second) unit
        Array.blit bytes (at second) damaged (at first) unit
        damaged

/// The memory that reading so many bytes may take: 1 MiB and four times as much.
let private mostMemory (length: int) : int64 = (1L <<< 20) + 4L * int64 length

let private mostTime = TimeSpan.FromSeconds 1.

/// Reads, and fails where more memory or time was needed than 1 MiB, four times the input, and a second.
let bounded (name: string) (bytes: byte[]) (read: ReadOnlyMemory<byte> -> 'Value) : 'Value =
    let measure () =
        let clock = Stopwatch.StartNew()
        let before = GC.GetAllocatedBytesForCurrentThread()
        let value = read (ReadOnlyMemory bytes)
        struct (value, GC.GetAllocatedBytesForCurrentThread() - before, clock.Elapsed)

    let struct (value, used, elapsed) = measure ()

    if used > mostMemory bytes.Length then
        invalidOp $"{name}: {used} bytes of memory for {bytes.Length}"

    // A second time, as the machine may have been busy with something else.
    if elapsed > mostTime then
        let struct (_, _, again) = measure ()

        if again > mostTime then
            invalidOp $"{name}: {elapsed} and {again} for {bytes.Length} bytes"

    value

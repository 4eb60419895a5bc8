// Generators as a step sees them: restoring, splitting, naming, counting, ending. With seed 000's tests.
// Run by `dotnet test`.
module Refold.Core.Tests.RandomTests

open System
open Refold.Core
open Xunit

let private draws count (rng: SeededRng) = [ for _ in 1..count -> rng.NextUInt64() ]

[<Fact>]
let ``snapshot_restore_reproduces_draws`` () =
    let rng = SeededRng.FromSeed 42UL
    draws 2 rng |> ignore
    let snapshot = rng.State
    let expected = draws 8 rng
    Assert.Equal<uint64 list>(expected, draws 8 (SeededRng snapshot))

[<Fact>]
let ``same_seed_same_sequence`` () =
    Assert.Equal<uint64 list>(draws 16 (SeededRng.FromSeed 7UL), draws 16 (SeededRng.FromSeed 7UL))
    Assert.NotEqual<uint64 list>(draws 16 (SeededRng.FromSeed 7UL), draws 16 (SeededRng.FromSeed 8UL))

[<Fact>]
let ``split_yields_independent_streams`` () =
    let parent = SeededRng.FromSeed 99UL
    let before = parent.State
    let child = parent.Split()
    Assert.Equal(before.WordPosition, parent.State.WordPosition)
    Assert.NotEqual<uint64 list>(draws 8 (SeededRng before), draws 8 child)
    let other = SeededRng.FromSeed 99UL
    Assert.NotEqual<uint64 list>(draws 8 (other.Split()), draws 8 (other.Split()))

[<Fact>]
let ``a restored generator does not hand out a child twice (defect 4)`` () =
    let rng = SeededRng.FromSeed 4UL
    let first = rng.Split()
    let restored = SeededRng rng.State
    Assert.Equal(1UL, rng.State.Splits)
    let second = restored.Split()
    Assert.NotEqual(first.State, second.State)
    Assert.Equal(rng.Split().State, second.State)

[<Fact>]
let ``a small seed is no zero-extended key (defect 5)`` () =
    let extended = Array.zeroCreate<byte> 32
    extended[0] <- 5uy
    Assert.False(RngState.FromSeed(5UL).Key.SequenceEqual(ReadOnlySpan extended))
    Assert.Equal("ecf273f981b5cd45", Convert.ToHexStringLower(RngState.FromSeed(0UL).Key.Slice(0, 8)))

[<Fact>]
let ``named children do not depend on the order of calls (defect 6)`` () =
    let forth = SeededRng.FromSeed 6UL
    let back = SeededRng.FromSeed 6UL
    let a = draws 4 (forth.Named "a")
    let b = draws 4 (forth.Named "b")
    draws 3 back |> ignore
    back.Split() |> ignore
    Assert.Equal<uint64 list>(b, draws 4 (back.Named "b"))
    Assert.Equal<uint64 list>(a, draws 4 (back.Named "a"))
    Assert.NotEqual<uint64 list>(a, b)

[<Fact>]
let ``a named child is pinned: SHA-256 over domain, key, stream and name`` () =
    let state = RngState.Create(ReadOnlySpan(Array.zeroCreate<byte> 32), 1UL, UInt128.Zero, 0UL)

    let content =
        Array.concat
            [
                BitConverter.GetBytes 19
                Text.Encoding.UTF8.GetBytes "refold.named-random"
                Array.zeroCreate<byte> 32
                BitConverter.GetBytes 1UL
                BitConverter.GetBytes 2
                Text.Encoding.UTF8.GetBytes "é"
            ]

    let expected = Convert.ToHexStringLower(Security.Cryptography.SHA256.HashData content)
    let child = state.Named "é"
    Assert.Equal(expected, Convert.ToHexStringLower child.Key)
    Assert.Equal(struct (0UL, UInt128.Zero, 0UL), struct (child.Stream, child.WordPosition, child.Splits))

[<Fact>]
let ``the same name twice throws, also after other names and draws`` () =
    let rng = SeededRng.FromSeed 1UL
    rng.Named "a" |> ignore
    rng.Named "b" |> ignore
    rng.NextUInt32() |> ignore
    Assert.Throws<InvalidOperationException>(fun () -> rng.Named "a" |> ignore) |> ignore
    rng.Split().Named "a" |> ignore

[<Fact>]
let ``a name is a text with a UTF-8 form`` () =
    let rng = SeededRng.FromSeed 1UL
    let lone = String(char 0xD800, 1)
    Assert.Throws<ArgumentException>(fun () -> rng.Named lone |> ignore) |> ignore
    Assert.Throws<ArgumentException>(fun () -> rng.State.Named lone |> ignore) |> ignore
    Assert.Throws<ArgumentNullException>(fun () -> rng.Named Unchecked.defaultof<string> |> ignore) |> ignore

[<Fact>]
let ``after the end every draw throws, from children too`` () =
    let rng = SeededRng.FromSeed 1UL
    let split = rng.Split()
    let named = rng.Named "a"
    let grandchild = split.Split()
    split.NextUInt32() |> ignore
    rng.End()

    for each in [ rng; split; named; grandchild ] do
        let throws (draw: SeededRng -> unit) = Assert.Throws<ObjectDisposedException>(fun () -> draw each) |> ignore

        throws (fun rng -> rng.NextUInt32() |> ignore)
        throws (fun rng -> rng.NextUInt64() |> ignore)
        throws (fun rng -> rng.Fill(Span(Array.zeroCreate<byte> 4)))
        throws (fun rng -> rng.Split() |> ignore)
        throws (fun rng -> rng.Named "new" |> ignore)
        throws (fun rng -> Sample.bool rng |> ignore)

[<Fact>]
let ``words drawn include those of children`` () =
    let rng = SeededRng.FromSeed 1UL
    Assert.Equal(0UL, rng.WordsDrawn)
    rng.NextUInt32() |> ignore
    rng.NextUInt64() |> ignore
    rng.Fill(Span(Array.zeroCreate<byte> 9))
    rng.Fill(Span<byte>.Empty)
    Assert.Equal(6UL, rng.WordsDrawn)
    let child = rng.Split()
    child.NextUInt64() |> ignore
    child.Named("a").NextUInt32() |> ignore
    Assert.Equal(9UL, rng.WordsDrawn)
    Assert.Equal(9UL, child.WordsDrawn)

[<Fact>]
let ``a deferred generator makes its state when something is drawn, and once`` () =
    let mutable made = 0

    let rng =
        SeededRng.Deferred(fun () ->
            made <- made + 1
            RngState.FromSeed 3UL)

    Assert.Equal(0UL, rng.WordsDrawn)
    Assert.Equal(0, made)
    Assert.Equal<uint64 list>(draws 4 (SeededRng.FromSeed 3UL), draws 4 rng)
    Assert.Equal(1, made)

[<Fact>]
let ``a state's next functions draw what a generator draws`` () =
    let rng = SeededRng.FromSeed 11UL
    let mutable state = rng.State

    for turn in 1..100 do
        if turn % 3 = 0 then
            let value, after = RngState.nextUInt64 state
            Assert.Equal(rng.NextUInt64(), value)
            state <- after
        else
            let value, after = RngState.nextUInt32 state
            Assert.Equal(rng.NextUInt32(), value)
            state <- after

        Assert.Equal(rng.State, state)

[<Fact>]
let ``a state takes 32 bytes of key and positions below 2^68`` () =
    let zeros = Array.zeroCreate<byte> 33

    for length in [ 0; 31; 33 ] do
        Assert.Throws<ArgumentException>(fun () -> RngState.Create(ReadOnlySpan(zeros, 0, length), 0UL, UInt128.Zero, 0UL) |> ignore)
        |> ignore

    Assert.Throws<ArgumentOutOfRangeException>(fun () ->
        RngState.Create(ReadOnlySpan(zeros, 0, 32), 0UL, UInt128.One <<< 68, 0UL) |> ignore)
    |> ignore

[<Fact>]
let ``drawing allocates nothing once a generator is warm`` () =
    let rng = SeededRng.FromSeed 12UL
    draws 100 rng |> ignore
    let bytes = Array.zeroCreate<byte> 4000
    rng.Fill(Span bytes)
    let before = GC.GetAllocatedBytesForCurrentThread()
    let mutable sum = 0UL

    for _ in 1..1000 do
        sum <- sum + rng.NextUInt64() + uint64 (rng.NextUInt32())

    rng.Fill(Span bytes)
    Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread())
    Assert.NotEqual(0UL, sum)

// Generators as a step sees them: restoring, splitting, naming, counting, ending. With seed 000's tests.
// Run by `dotnet test`.
module Refold.Core.Tests.RandomTests

open System
open Expecto
open Refold.Core
open Refold.Support

let private draws count (rng: SeededRng) = [ for _ in 1..count -> rng.NextUInt64() ]

[<Tests>]
let tests =
    testList "Random / generators" [
        testCase "snapshot_restore_reproduces_draws" (fun () ->
            let rng = SeededRng.FromSeed 42UL
            draws 2 rng |> ignore
            let snapshot = rng.State
            let expected = draws 8 rng
            equal expected (draws 8 (SeededRng snapshot)))

        testCase "same_seed_same_sequence" (fun () ->
            equal (draws 16 (SeededRng.FromSeed 7UL)) (draws 16 (SeededRng.FromSeed 7UL))
            notEqual (draws 16 (SeededRng.FromSeed 7UL)) (draws 16 (SeededRng.FromSeed 8UL)))

        testCase "split_yields_independent_streams" (fun () ->
            let parent = SeededRng.FromSeed 99UL
            let before = parent.State
            let child = parent.Split()
            equal before.WordPosition parent.State.WordPosition
            notEqual (draws 8 (SeededRng before)) (draws 8 child)
            let other = SeededRng.FromSeed 99UL
            notEqual (draws 8 (other.Split())) (draws 8 (other.Split())))

        testCase "a restored generator does not hand out a child twice (defect 4)" (fun () ->
            let rng = SeededRng.FromSeed 4UL
            let first = rng.Split()
            let restored = SeededRng rng.State
            equal 1UL rng.State.Splits
            let second = restored.Split()
            notEqual first.State second.State
            equal (rng.Split().State) second.State)

        testCase "a small seed is no zero-extended key (defect 5)" (fun () ->
            let extended = Array.zeroCreate<byte> 32
            extended[0] <- 5uy
            isFalse (RngState.FromSeed(5UL).Key.SequenceEqual(ReadOnlySpan extended))
            equal "ecf273f981b5cd45" (Convert.ToHexStringLower(RngState.FromSeed(0UL).Key.Slice(0, 8))))

        testCase "named children do not depend on the order of calls (defect 6)" (fun () ->
            let forth = SeededRng.FromSeed 6UL
            let back = SeededRng.FromSeed 6UL
            let a = draws 4 (forth.Named "a")
            let b = draws 4 (forth.Named "b")
            draws 3 back |> ignore
            back.Split() |> ignore
            equal b (draws 4 (back.Named "b"))
            equal a (draws 4 (back.Named "a"))
            notEqual a b)

        testCase "a named child is pinned: SHA-256 over domain, key, stream and name" (fun () ->
            let state = RngState.Create(ReadOnlySpan(Array.zeroCreate<byte> 32), 1UL, UInt128.Zero, 0UL)

            let content =
                Array.concat [
                    BitConverter.GetBytes 19
                    Text.Encoding.UTF8.GetBytes "refold.named-random"
                    Array.zeroCreate<byte> 32
                    BitConverter.GetBytes 1UL
                    BitConverter.GetBytes 2
                    Text.Encoding.UTF8.GetBytes "é"
                ]

            let expected = Convert.ToHexStringLower(Security.Cryptography.SHA256.HashData content)
            let child = state.Named "é"
            equal expected (Convert.ToHexStringLower child.Key)
            equal (struct (0UL, UInt128.Zero, 0UL)) (struct (child.Stream, child.WordPosition, child.Splits)))

        testCase "the same name twice throws, also after other names and draws" (fun () ->
            let rng = SeededRng.FromSeed 1UL
            rng.Named "a" |> ignore
            rng.Named "b" |> ignore
            rng.NextUInt32() |> ignore
            throws<InvalidOperationException>(fun () -> rng.Named "a" |> ignore) |> ignore
            rng.Split().Named "a" |> ignore)

        testCase "a name is a text with a UTF-8 form" (fun () ->
            let rng = SeededRng.FromSeed 1UL
            let lone = String(char 0xD800, 1)
            throws<ArgumentException>(fun () -> rng.Named lone |> ignore) |> ignore
            throws<ArgumentException>(fun () -> rng.State.Named lone |> ignore) |> ignore
            throws<ArgumentNullException>(fun () -> rng.Named Unchecked.defaultof<string> |> ignore) |> ignore)

        testCase "after the end every draw throws, from children too" (fun () ->
            let rng = SeededRng.FromSeed 1UL
            let split = rng.Split()
            let named = rng.Named "a"
            let grandchild = split.Split()
            split.NextUInt32() |> ignore
            rng.End()

            for each in [ rng; split; named; grandchild ] do
                let throws (draw: SeededRng -> unit) = throws<ObjectDisposedException>(fun () -> draw each) |> ignore

                throws (fun rng -> rng.NextUInt32() |> ignore)
                throws (fun rng -> rng.NextUInt64() |> ignore)
                throws (fun rng -> rng.Fill(Span(Array.zeroCreate<byte> 4)))
                throws (fun rng -> rng.Split() |> ignore)
                throws (fun rng -> rng.Named "new" |> ignore)
                throws (fun rng -> Sample.bool rng |> ignore))

        testCase
            "a step that is over draws none of the words that are at hand, in whatever block, from whichever generator it was ended"
            (fun () ->
                for words in [ 0; 1; 7; 8; 9; 135; 136; 137; 300 ] do
                    for byChild in [ false; true ] do
                        let rng = SeededRng.FromSeed 1UL
                        let child = rng.Split()
                        draws words rng |> ignore
                        draws words child |> ignore
                        (if byChild then child else rng).End()

                        for each in [ rng; child ] do
                            throws<ObjectDisposedException>(fun () -> each.NextUInt32() |> ignore) |> ignore
                            throws<ObjectDisposedException>(fun () -> each.NextUInt64() |> ignore) |> ignore

                        equal (uint64 (4 * words)) rng.WordsDrawn)

        testCase "a guard is asked before each draw, also of words that are at hand, and of those of children" (fun () ->
            let mutable asked = 0

            let rng =
                SeededRng.Guarded(Func<RngState>(fun () -> RngState.FromSeed 1UL), Action(fun () -> asked <- asked + 1))

            let same = SeededRng.FromSeed 1UL
            equal (draws 700 same) (draws 700 rng)
            equal 700 asked
            let child = rng.Named "a"
            equal 701 asked
            equal (draws 300 (same.Named "a")) (draws 300 child)
            equal 1001 asked
            equal 2000UL rng.WordsDrawn)

        testCase "words drawn include those of children" (fun () ->
            let rng = SeededRng.FromSeed 1UL
            equal 0UL rng.WordsDrawn
            rng.NextUInt32() |> ignore
            rng.NextUInt64() |> ignore
            rng.Fill(Span(Array.zeroCreate<byte> 9))
            rng.Fill(Span<byte>.Empty)
            equal 6UL rng.WordsDrawn
            let child = rng.Split()
            child.NextUInt64() |> ignore
            child.Named("a").NextUInt32() |> ignore
            equal 9UL rng.WordsDrawn
            equal 9UL child.WordsDrawn)

        testCase "a deferred generator makes its state when something is drawn, and once" (fun () ->
            let mutable made = 0

            let rng =
                SeededRng.Deferred(fun () ->
                    made <- made + 1
                    RngState.FromSeed 3UL)

            equal 0UL rng.WordsDrawn
            equal 0 made
            equal (draws 4 (SeededRng.FromSeed 3UL)) (draws 4 rng)
            equal 1 made)

        testCase "a state's next functions draw what a generator draws" (fun () ->
            let rng = SeededRng.FromSeed 11UL
            let mutable state = rng.State

            for turn in 1..100 do
                if turn % 3 = 0 then
                    let value, after = RngState.nextUInt64 state
                    equal (rng.NextUInt64()) value
                    state <- after
                else
                    let value, after = RngState.nextUInt32 state
                    equal (rng.NextUInt32()) value
                    state <- after

                equal rng.State state)

        testCase "a state takes 32 bytes of key and positions below 2^68" (fun () ->
            let zeros = Array.zeroCreate<byte> 33

            for length in [ 0; 31; 33 ] do
                throws<ArgumentException>(fun () -> RngState.Create(ReadOnlySpan(zeros, 0, length), 0UL, UInt128.Zero, 0UL) |> ignore)
                |> ignore

            throws<ArgumentOutOfRangeException>(fun () ->
                RngState.Create(ReadOnlySpan(zeros, 0, 32), 0UL, UInt128.One <<< 68, 0UL) |> ignore)
            |> ignore)

        testCase "drawing allocates nothing once a generator is warm" (fun () ->
            let rng = SeededRng.FromSeed 12UL
            draws 100 rng |> ignore
            let bytes = Array.zeroCreate<byte> 4000
            rng.Fill(Span bytes)
            let mutable sum = 0UL
            let mutable least = Int64.MaxValue

            // What the runtime sets aside for itself meanwhile comes with some of the tries only.
            for _ in 1..12 do
                let before = GC.GetAllocatedBytesForCurrentThread()

                for _ in 1..1000 do
                    sum <- sum + rng.NextUInt64() + uint64 (rng.NextUInt32())

                rng.Fill(Span bytes)
                least <- min least (GC.GetAllocatedBytesForCurrentThread() - before)

            equal 0L least
            notEqual 0UL sum)
    ]

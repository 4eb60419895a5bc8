// What sampling promises: bounds, refusals, words drawn, and distributions at fixed seeds.
// Run by `dotnet test`.
module Refold.Core.Tests.SamplingTests

open System
open Expecto
open Refold.Core
open Refold.Support

let private rng () = SeededRng.FromSeed 77UL

let private refuses (draw: SeededRng -> 'Value) =
    let rng = rng ()
    throwsAny<ArgumentException>(fun () -> draw rng |> ignore) |> ignore
    equal 0UL rng.WordsDrawn

let private draws (words: uint64) (draw: SeededRng -> 'Value) =
    let rng = rng ()
    draw rng |> ignore
    equal words rng.WordsDrawn

/// Pearson's statistic of equally likely cells.
let private chiSquared (cells: int[]) =
    let expected = float (Array.sum cells) / float cells.Length
    cells |> Array.sumBy (fun count -> (float count - expected) ** 2.0 / expected)

[<Tests>]
let tests =
    testList "Random / sampling" [
        testCase "one possible integer is that integer, and still costs its words" (fun () ->
            draws 1UL (fun rng -> equal 5 (Sample.between 5 5 rng))
            draws 2UL (fun rng -> equal Int64.MinValue (Sample.betweenInt64 Int64.MinValue Int64.MinValue rng))
            draws 2UL (fun rng -> equal UInt64.MaxValue (Sample.betweenUInt64 UInt64.MaxValue UInt64.MaxValue rng))
            draws 1UL (fun rng -> equal "only" (Sample.pick [ "only" ] rng)))

        testCase "the full ranges are the words themselves" (fun () ->
            let words = rng ()
            equal (Int32.MinValue + int (words.NextUInt32())) (Sample.between Int32.MinValue Int32.MaxValue (rng ()))
            let words = rng ()
            equal (words.NextUInt64()) (Sample.betweenUInt64 0UL UInt64.MaxValue (rng ()))
            let words = rng ()

            equal (Int64.MinValue + int64 (words.NextUInt64())) (Sample.betweenInt64 Int64.MinValue Int64.MaxValue (rng ())))

        testCase "integers stay inside and reach both ends" (fun () ->
            let rng = rng ()

            for low, high in
                [
                    -3, 3
                    Int32.MinValue, Int32.MinValue + 2
                    Int32.MaxValue - 2, Int32.MaxValue
                    0, 1
                ] do
                let seen = Set.ofList [ for _ in 1..400 -> Sample.between low high rng ]
                equal [ low..high ] (Set.toList seen)
                let offset = 1L <<< 40

                let seen =
                    Set.ofList [
                        for _ in 1..400 -> Sample.betweenInt64 (int64 low - offset) (int64 high - offset) rng
                    ]

                equal [ int64 low - offset .. int64 high - offset ] (Set.toList seen)

            for _ in 1..1000 do
                inRange (-2000000000) 2000000000 (Sample.between -2000000000 2000000000 rng)

                inRange (-9000000000000000000L) 9000000000000000000L (Sample.betweenInt64 -9000000000000000000L 9000000000000000000L rng))

        testCase "a range of three quarters of the words is not biased" (fun () ->
            // With a plain remainder the lower third would come twice as often.
            let rng = rng ()
            let cells = Array.zeroCreate<int> 3

            for _ in 1..30000 do
                let value = Sample.betweenUInt64 0UL 0xBFFFFFFFFFFFFFFFUL rng
                let cell = int (value >>> 62)
                cells[cell] <- cells[cell] + 1

            isTrueFor ($"%A{cells}") (chiSquared cells < 13.8)
            let cells = Array.zeroCreate<int> 3

            for _ in 1..30000 do
                let value = int64 (Sample.between Int32.MinValue 0x3FFFFFFF rng) - int64 Int32.MinValue
                cells[int (value >>> 30)] <- cells[int (value >>> 30)] + 1

            isTrueFor ($"%A{cells}") (chiSquared cells < 13.8)
            // A quarter of the words is rejected: 90000 words would have done otherwise.
            inRange 115000UL 125000UL rng.WordsDrawn)

        testCase "a die is fair" (fun () ->
            let rng = rng ()
            let cells = Array.zeroCreate<int> 6

            for _ in 1..60000 do
                let face = Sample.between 1 6 rng
                cells[face - 1] <- cells[face - 1] + 1

            isTrueFor ($"%A{cells}") (chiSquared cells < 20.5))

        testCase "a range of a power of two never costs more than its words" (fun () ->
            let rng = rng ()

            for _ in 1..200 do
                Sample.between 0 Int32.MaxValue rng |> ignore
                Sample.betweenInt64 0L Int64.MaxValue rng |> ignore

            equal 600UL rng.WordsDrawn)

        testCase "bounds the wrong way round are refused" (fun () ->
            refuses (Sample.between 1 0)
            refuses (Sample.betweenInt64 1L 0L)
            refuses (Sample.betweenUInt64 1UL 0UL))

        testCase "doubles are in [0, 1), multiples of 2^-53, one half on average" (fun () ->
            let rng = rng ()
            let values = [ for _ in 1..20000 -> Sample.double rng ]

            for value in values do
                isTrue (value >= 0.0 && value < 1.0)

            for value in values do
                equal 0.0 (Math.IEEERemainder(value * 9007199254740992.0, 1.0))

            inRange 0.494 0.506 (List.average values)
            draws 2UL Sample.double)

        testCase "chances: never, always, sometimes" (fun () ->
            let rng = rng ()

            for _ in [ 1..1000 ] do
                isFalse (Sample.chance 0.0 rng)

            for _ in [ 1..1000 ] do
                isTrue (Sample.chance 1.0 rng)

            inRange 2350 2650 (Seq.sumBy (fun _ -> if Sample.chance 0.25 rng then 1 else 0) [ 1..10000 ])
            inRange 4800 5200 (Seq.sumBy (fun _ -> if Sample.bool rng then 1 else 0) [ 1..10000 ])
            draws 1UL Sample.bool
            draws 2UL (Sample.chance 1.0)
            List.iter (fun wrong -> refuses (Sample.chance wrong)) [ -0.1; 1.1; Double.NaN; Double.PositiveInfinity ])

        testCase "shuffling keeps the items and finds every order alike often" (fun () ->
            let rng = rng ()

            let orders =
                [ for _ in 1..24000 -> List.ofArray (Sample.shuffle [ 1; 2; 3; 4 ] rng) ] |> List.countBy id

            equal 24 orders.Length

            for order, _ in orders do
                equal [ 1; 2; 3; 4 ] (List.sort order)

            isTrue (chiSquared [| for _, count in orders -> count |] < 49.7)
            draws 0UL (Sample.shuffle Array.empty<int>)
            draws 0UL (Sample.shuffle [ 1 ])
            draws 51UL (Sample.shuffle [ 1..52 ])
            let items = [| 1; 2; 3; 4; 5; 6; 7; 8 |]
            let shuffled = Sample.shuffle items (SeededRng.FromSeed 5UL)
            equal [| 1..8 |] items
            Sample.shuffleInPlace items (SeededRng.FromSeed 5UL)
            equal shuffled items)

        testCase "picking takes any item and refuses to take from nothing" (fun () ->
            let rng = rng ()
            let seen = [ for _ in 1..300 -> Sample.pick [| "a"; "b"; "c" |] rng ]
            equal [ "a"; "b"; "c" ] (List.sort (List.distinct seen))
            refuses (Sample.pick Array.empty<int>)
            refuses (Sample.pick (Unchecked.defaultof<int[]>)))

        testCase "picking several takes different places, each pair alike often" (fun () ->
            let rng = rng ()

            let pairs =
                [ for _ in 1..20000 -> List.ofArray (Sample.pickDifferent 2 [ 0..4 ] rng) ] |> List.countBy id

            equal 20 pairs.Length
            isTrue (chiSquared [| for _, count in pairs -> count |] < 43.8)
            equal [| 1..9 |] (Array.sort (Sample.pickDifferent 9 [ 1..9 ] rng))
            isEmpty (Sample.pickDifferent 0 Array.empty<int> rng)
            draws 3UL (Sample.pickDifferent 3 [ 1..9 ])
            refuses (Sample.pickDifferent -1 [ 1 ])
            refuses (Sample.pickDifferent 2 [ 1 ]))

        testCase "integer weights are kept, and a weight of 0 is never chosen" (fun () ->
            let rng = rng ()
            let cells = Array.zeroCreate<int> 5

            for _ in 1..10000 do
                let index = Sample.weightedIndex [ 0L; 1L; 0L; 3L; 0L ] rng
                cells[index] <- cells[index] + 1

            equal 0 (cells[0] + cells[2] + cells[4])
            inRange 2370 2630 (cells[1])
            equal 1 (Sample.weightedIndex [ 0L; Int64.MaxValue; 0L ] rng)

            for wrong in
                [
                    []
                    [ 0L; 0L ]
                    [ 1L; -1L ]
                    [ Int64.MaxValue; 1L ]
                    [ Int64.MaxValue; Int64.MaxValue; 2L ]
                ] do
                refuses (Sample.weightedIndex wrong))

        testCase "double weights are kept, and a weight of 0 is never chosen" (fun () ->
            let rng = rng ()
            let cells = Array.zeroCreate<int> 5

            for _ in 1..10000 do
                let index = Sample.weightedIndexDouble [ 0.0; 0.25; 0.0; 0.75; 0.0 ] rng
                cells[index] <- cells[index] + 1

            equal 0 (cells[0] + cells[2] + cells[4])
            inRange 2370 2630 (cells[1])

            let tiny = [
                for _ in 1..100 -> Sample.weightedIndexDouble [ 0.0; Double.Epsilon; 0.0 ] rng
            ]

            for index in tiny do
                equal 1 index

            for wrong in
                [
                    []
                    [ 0.0 ]
                    [ 1.0; -1.0 ]
                    [ 1.0; nan ]
                    [ infinity ]
                    [ Double.MaxValue; Double.MaxValue ]
                ] do
                refuses (Sample.weightedIndexDouble wrong))

        testCase "exponential values have their mean and their median" (fun () ->
            let rng = rng ()
            let values = [ for _ in 1..20000 -> Sample.exponential 3.0 rng ]

            for value in values do
                inRange 0.0 (3.0 * 36.75) value

            inRange 2.93 3.07 (List.average values)
            inRange 9780 10220 (values |> List.filter (fun value -> value < 2.0794415) |> List.length)
            equal 0L (BitConverter.DoubleToInt64Bits(Sample.exponential 0.0 rng))
            draws 2UL (Sample.exponential 1.0)
            List.iter (fun wrong -> refuses (Sample.exponential wrong)) [ -1.0; nan; infinity ])

        testCase "normal values have their mean, deviation and shape" (fun () ->
            let rng = rng ()
            let values = [ for _ in 1..20000 -> Sample.normal 10.0 2.0 rng ]
            let mean = List.average values
            inRange 9.95 10.05 mean
            inRange 1.96 2.04 (sqrt (values |> List.averageBy (fun value -> (value - mean) ** 2.0)))
            let within deviations = values |> List.filter (fun value -> abs (value - 10.0) < 2.0 * deviations) |> List.length
            inRange 13460 13850 (within 1.0)
            inRange 18990 19190 (within 2.0)
            inRange 19920 19970 (within 3.0)
            equal 4.0 (Sample.normal 4.0 0.0 rng)

            for mean, deviation in [ nan, 1.0; infinity, 1.0; -infinity, 1.0; 0.0, -1.0; 0.0, nan; 0.0, infinity ] do
                refuses (Sample.normal mean deviation))

        testCase "GUIDs are version 4, variant 10, and different" (fun () ->
            let rng = rng ()
            let made = [ for _ in 1..500 -> Sample.guid rng ]

            for guid in made do
                equal 4 guid.Version

            for guid in made do
                equal 8 (guid.Variant &&& 0xC)

            equal 500 ((List.distinct made).Length)
            draws 4UL Sample.guid)
    ]

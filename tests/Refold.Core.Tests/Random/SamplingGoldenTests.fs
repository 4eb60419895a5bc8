// The golden vectors of sampling: what seed 2026 gives, for ever. Each is also what an independent model of the function gives.
// Run by `dotnet test`.
module Refold.Core.Tests.SamplingGoldenTests

open System
open System.Numerics
open Expecto
open Refold.Core
open Refold.Support

let private state = RngState.FromSeed 2026UL

/// Draws one value after the other from the generator and from the model, and compares both with what is written here; at the end
/// both have drawn the same number of words.
let private golden (expected: 'Value list) draw (model: ReferenceStream.Reader -> 'Value) =
    let rng = SeededRng state
    let stream = ReferenceStream.Reader state
    equal expected [ for _ in expected -> model stream ]
    equal expected [ for _ in expected -> draw rng ]
    equal stream.Drawn rng.WordsDrawn

/// The same for values with a logarithm in them: the model's is rounded otherwise, so it may be 4 units in the last place away.
let private goldenReal (expected: float list) draw (model: ReferenceStream.Reader -> float) =
    let rng = SeededRng state
    let stream = ReferenceStream.Reader state
    equal expected [ for _ in expected -> draw rng ]

    for value in expected do
        let other = model stream
        inRange 0.0 (abs value * 4.0 * 2.220446049250313e-16) (abs (value - other))

    equal stream.Drawn rng.WordsDrawn

[<Tests>]
let tests =
    testList "Random / golden samples" [
        testCase "between" (fun () ->
            golden [ 4; 4; 5; 4; 3; 4; 4; 2; 4; 1; 3; 4; 2; 6; 6; 4; 5; 6; 4; 6 ] (Sample.between 1 6) (SamplingModel.between 1 6)

            golden
                [ 1277002; 10430589; 1309914349; 507089266; -243420780; 212365105 ]
                (Sample.between -2000000000 2000000000)
                (SamplingModel.between -2000000000 2000000000))

        testCase "betweenInt64 and betweenUInt64" (fun () ->
            let wide (low: int64) (high: int64) stream = int64 (SamplingModel.betweenWide (BigInteger low) (BigInteger high) stream)

            let low, high = -7000000000000000000L, 7000000000000000000L

            golden
                [
                    36507064244819224L
                    1774812432374968245L
                    743277868290438147L
                    -3558254845783420454L
                    -5519717629114102731L
                    274863155559510051L
                ]
                (Sample.betweenInt64 low high)
                (wide low high)

            let high = 0xBFFFFFFFFFFFFFFFUL

            golden
                [
                    6953605981445009689UL
                    8671431387579955774UL
                    3401196001433745832UL
                    1462842324244079462UL
                    7189153864385644282UL
                    7578065282867695880UL
                ]
                (Sample.betweenUInt64 0UL high)
                (fun stream -> uint64 (SamplingModel.betweenWide BigInteger.Zero (BigInteger high) stream)))

        testCase "bool, double, chance" (fun () ->
            golden [ true; true; true; true; false; true; true; false; true; false; false; true ] Sample.bool SamplingModel.bool

            golden
                [
                    0.5026076474460585
                    0.626772316598212
                    0.5530912763064598
                    0.2458389395868985
                    0.10573445506327828
                ]
                Sample.double
                SamplingModel.double

            golden
                [
                    false
                    false
                    false
                    true
                    true
                    false
                    false
                    false
                    false
                    false
                    false
                    true
                ]
                (Sample.chance 0.3)
                (fun stream -> SamplingModel.double stream < 0.3))

        testCase "shuffle, pick, pickDifferent" (fun () ->
            golden
                [ [ 4; 2; 1; 8; 10; 3; 9; 7; 5; 6 ]; [ 1; 7; 9; 3; 8; 6; 10; 5; 4; 2 ] ]
                (Sample.shuffle [ 1..10 ] >> List.ofArray)
                (SamplingModel.shuffle [ 1..10 ])

            golden [ "c"; "c"; "e"; "d"; "c"; "c" ] (Sample.pick [ "a"; "b"; "c"; "d"; "e" ]) (fun stream ->
                [ "a"; "b"; "c"; "d"; "e" ][SamplingModel.between 0 4 stream])

            golden
                [ [ 5; 1; 7 ]; [ 6; 5; 1 ]; [ 5; 3; 6 ]; [ 1; 5; 6 ] ]
                (Sample.pickDifferent 3 [ 1..8 ] >> List.ofArray)
                (SamplingModel.pickDifferent 3 [ 1..8 ]))

        testCase "weightedIndex and weightedIndexDouble" (fun () ->
            let weights = [ 1L; 0L; 5L; 3000000000000000000L; 4000000000000000000L; 7L ]
            golden [ 4; 4; 4; 3; 4; 4; 4; 4; 4; 4; 4; 4 ] (Sample.weightedIndex weights) (SamplingModel.weightedIndex weights)
            let weights = [ 0.1; 0.2; 0.0; 0.3; 1.5 ]

            golden [ 4; 4; 4; 3; 1; 4; 4; 4; 4; 4; 4; 4 ] (Sample.weightedIndexDouble weights) (SamplingModel.weightedIndexDouble weights))

        testCase "exponential and normal" (fun () ->
            goldenReal
                [
                    1.7459403064307963
                    2.463916585746629
                    2.0135022569333216
                    0.705373314525451
                    0.2793812944569438
                    1.8330126392967494
                ]
                (Sample.exponential 2.5)
                (SamplingModel.exponential 2.5)

            goldenReal
                [
                    0.048177056143553804
                    0.33104360255583
                    -0.971103522317678
                    0.5437084776955571
                    1.0424978460968592
                    0.2927237677404094
                ]
                (Sample.normal 0.0 1.0)
                (SamplingModel.normal 0.0 1.0)

            goldenReal
                [ 100.7226558421533; 104.96565403833745; 85.43344716523482 ]
                (Sample.normal 100.0 15.0)
                (SamplingModel.normal 100.0 15.0))

        testCase "guid" (fun () ->
            golden
                [
                    "22ec1480-10e5-4a80-bea2-d5d3892674a0"
                    "40cb6b70-cf63-478d-b6a2-ea9bfd4cef3e"
                    "332fa28e-ca69-411b-8e09-c76d77ac0685"
                ]
                (fun rng -> (Sample.guid rng).ToString())
                SamplingModel.guid)
    ]

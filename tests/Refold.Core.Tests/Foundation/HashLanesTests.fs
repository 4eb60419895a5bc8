// SHA-256 of several messages beside each other against one after the other.
// Run by `dotnet test`.
module Refold.Core.Tests.HashLanesTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support

let private message (length: int) (seed: int) = Array.init length (fun place -> byte (place * 31 + seed * 7 + length))

let private hashed (lanes: HashLanes) (lengths: int list) =
    lengths |> List.iteri (fun number length -> lanes.Add(100 + number, ReadOnlySpan(message length number)))

    let count = lanes.Hash()
    List.init count (fun place -> lanes.Number place, lanes.HashOf place)

let private expected (lengths: int list) =
    lengths |> List.mapi (fun number length -> 100 + number, Hash.Compute(ReadOnlySpan(message length number)))

[<Tests>]
let tests =
    testList "Foundation / hashes beside each other" [
        testCase "of every length, eight at once, with and without vectors" (fun () ->
            for lanes in [ HashLanes EightBlocks.isSupported; HashLanes false ] do
                for first in 0..4 .. HashLanes.MostBytes - 8 do
                    let lengths = [ first .. first + 7 ]
                    equal (expected lengths) (hashed lanes lengths))

        testCase "of lengths that differ, of fewer than eight, and of none" (fun () ->
            let lanes = HashLanes.OfThread

            for lengths in
                [
                    [ 0; HashLanes.MostBytes; 55; 56; 63; 64; 119; 120 ]
                    [ 300; 10; 700 ]
                    [ 1; 2; 3; 4; 5; 6; 7 ]
                    [ 9; 8 ]
                    [ HashLanes.MostBytes ]
                    []
                ] do
                equal (expected lengths) (hashed lanes lengths))
    ]

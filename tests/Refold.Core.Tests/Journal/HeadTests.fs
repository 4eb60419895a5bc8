// Leaves and the head, against hashes computed here from the description alone.
// Run by `dotnet test`.
module Refold.Core.Tests.HeadTests

open System
open System.Buffers.Binary
open System.Security.Cryptography
open System.Text
open Expecto
open Refold.Core
open Refold.Support.Examples
open Refold.Support

let private int32 (value: int) =
    let bytes = Array.zeroCreate 4
    BinaryPrimitives.WriteInt32LittleEndian(Span bytes, value)
    bytes

let private int64 (value: int64) =
    let bytes = Array.zeroCreate 8
    BinaryPrimitives.WriteInt64LittleEndian(Span bytes, value)
    bytes

let private text (value: string) = Array.append (int32 (Encoding.UTF8.GetByteCount value)) (Encoding.UTF8.GetBytes value)

// An event of type "t" without anything optional.
let private canonical (name: string) (payload: string) =
    Array.concat [
        text name
        [| 5uy |]
        text "t"
        int32 1
        text payload
        int32 0
        Array.zeroCreate 7
    ]

let private leaf (count: int) (version: int64) (entries: byte[] list) =
    Array.concat [
        int32 count
        int64 version
        SHA256.HashData(Array.concat ([| 0uy |] :: entries))
    ]

let private next (previous: byte[]) (first: int64) (count: int) (leaves: byte[] list) =
    SHA256.HashData(Array.concat ([| 1uy |] :: previous :: int64 first :: int32 count :: leaves))

let private headOf (journal: Journal) = string (Journal.head journal).Hash

let private hex (hash: byte[]) = Convert.ToHexStringLower hash

[<Tests>]
let tests =
    testList "Journal / heads" [
        testCase "an empty journal's head is position 0 and 32 zero bytes" (fun () ->
            equal 0L ((Journal.head Journal.empty).Position)
            equal (String('0', 64)) (headOf Journal.empty))

        testCase "the head is chained over leaves of consecutive entries of a stream (golden)" (fun () ->
            let first = next (Array.zeroCreate 32) 1L 1 [ leaf 1 1L [ canonical "a" "1" ] ]

            let leaves = [
                leaf 2 2L [ canonical "a" "2"; canonical "a" "3" ]
                leaf 1 1L [ canonical "b" "4" ]
            ]

            let second = next first 2L 3 leaves
            let journal = Journal.empty |> append [ event "a" "1" ]
            equal (hex first) (headOf journal)
            equal "42459ea9b424210d3eb278f7c9caf0b9b782899d70cbb7cb679221fc4576cbbd" (hex first)

            let journal = journal |> append [ event "a" "2"; event "a" "3"; event "b" "4" ]
            equal (hex second) (headOf journal)
            equal "c056f91d832b5057ba1ebf434d4c10301d86d7ac46ed219ebcd002154ee254c7" (hex second)
            equal 4L ((Journal.head journal).Position))

        testCase "a stream that comes again after another begins a leaf of its own" (fun () ->
            let leaves = [
                leaf 1 1L [ canonical "a" "1" ]
                leaf 1 1L [ canonical "b" "2" ]
                leaf 1 2L [ canonical "a" "3" ]
            ]

            let journal = Journal.empty |> append [ event "a" "1"; event "b" "2"; event "a" "3" ]
            equal (hex (next (Array.zeroCreate 32) 1L 3 leaves)) (headOf journal))

        testCase "a leaf is cut at 16 KiB, and a longer entry is a leaf alone" (fun () ->
            let cut lengths = Leaf.cut (Array.ofList lengths) (fun _ -> true) |> List.ofArray
            let half = 8 * 1024
            equal [] (cut [])
            equal [ struct (0, 2) ] (cut [ half; half ])
            equal [ struct (0, 1); struct (1, 1) ] (cut [ half; half + 1 ])
            equal [ struct (0, 1); struct (1, 1); struct (2, 2) ] (cut [ 1; 3 * half; 1; 1 ])

            let payload = String('x', half)
            let journal = Journal.empty |> append [ event "a" payload; event "a" payload ]
            let leaves = [ leaf 1 1L [ canonical "a" payload ]; leaf 1 2L [ canonical "a" payload ] ]
            equal (hex (next (Array.zeroCreate 32) 1L 2 leaves)) (headOf journal))

        testCase "the head depends on how entries were batched" (fun () ->
            let one = Journal.empty |> append [ event "a" "1"; event "a" "2" ]
            let two = Journal.empty |> append [ event "a" "1" ] |> append [ event "a" "2" ]
            equal ((Journal.head one).Position) ((Journal.head two).Position)
            notEqual (Journal.head one) (Journal.head two))

        testCase "equal payloads in other streams, types, tags or ids give other heads" (fun () ->
            let given = {
                event "a" "1" with
                    Id = Some(Guid.Parse "00000000-0000-8000-8000-000000000001")
            }

            let variants = [
                event "a" "1"
                event "b" "1"
                { event "a" "1" with Type = "u" }
                tagged [ "x" ] (event "a" "1")
                { event "a" "1" with CausationId = given.Id }
                given
            ]

            let heads = [ for data in variants -> (Journal.head (append [ data ] Journal.empty)).Hash ]
            equal variants.Length ((List.distinct heads).Length))
    ]

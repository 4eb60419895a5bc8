// The block function against RFC 8439, and many blocks at once against one.
// Run by `dotnet test`.
module Refold.Core.Tests.ChaCha20Tests

open System
open System.Runtime.InteropServices
open Expecto
open Refold.Core
open Refold.Support

/// RFC 8439's 32-bit counter and 96-bit nonce are the four words that follow the key.
let private blockOf (key: byte[]) (counter: uint32) (nonce: string) =
    let words = MemoryMarshal.Cast<byte, uint32>(ReadOnlySpan(Convert.FromHexString nonce)).ToArray()
    let block = Array.zeroCreate<uint32> ChaCha20.blockWords
    let counter = uint64 counter ||| (uint64 words[0] <<< 32)
    ChaCha20.block (ReadOnlySpan key) counter (uint64 words[1] ||| (uint64 words[2] <<< 32)) (Span block)
    Convert.ToHexStringLower(MemoryMarshal.AsBytes(ReadOnlySpan block))

let private zeroKey = Array.zeroCreate<byte> 32

[<Tests>]
let tests =
    testList "Random / ChaCha20" [
        testCase "RFC 8439 section 2.3.2" (fun () ->
            equal
                ("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
                 + "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e")
                (blockOf (Array.init 32 byte) 1u "000000090000004a00000000"))

        testCase "RFC 8439 appendix A.1" (fun () ->
            let lastOne = Array.init 32 (fun index -> if index = 31 then 1uy else 0uy)
            let secondFull = Array.init 32 (fun index -> if index = 1 then 0xFFuy else 0uy)
            let nothing = "000000000000000000000000"

            equal
                ("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
                 + "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586")
                (blockOf zeroKey 0u nothing)

            equal
                ("9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
                 + "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f")
                (blockOf zeroKey 1u nothing)

            equal
                ("3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
                 + "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0")
                (blockOf lastOne 1u nothing)

            equal
                ("72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
                 + "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096")
                (blockOf secondFull 2u nothing)

            equal
                ("c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
                 + "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d")
                (blockOf zeroKey 0u "000000000000000000000002"))

        testTheory
            "any number of blocks at once is those blocks one by one, across the counter's wrap"
            [
                (0UL, 0UL)
                (0xFFFFFFFEUL, 1UL)
                (0xFFFFFFFFFFFFFFFDUL, 0xFFFFFFFFFFFFFFFFUL)
            ]
            (fun (counter: uint64, stream) ->
                let key = Array.init 32 (fun index -> byte (255 - index))

                // What the processor has, together and each kernel by itself.
                for kernels in ChaChaKernel.available :: [ for kernel in ChaChaKernel.available -> [ kernel; ChaChaKernel.One ] ] do
                    for count in 0..35 do
                        let many = Array.zeroCreate<uint32>(count * ChaCha20.blockWords)
                        ChaChaKernel.blocks kernels (ReadOnlySpan key) counter stream (Span many)
                        let one = Array.zeroCreate<uint32> ChaCha20.blockWords

                        for index in 0 .. count - 1 do
                            ChaCha20.block (ReadOnlySpan key) (counter + uint64 index) stream (Span one)
                            equal one (many[index * 16 .. index * 16 + 15]))

        testCase "what lies behind the last whole block stays as it was" (fun () ->
            let words = Array.create 37 7u
            ChaChaKernel.blocks ChaChaKernel.available (ReadOnlySpan zeroKey) 0UL 0UL (Span words)
            equal (Array.create 5 7u) (words[32..])
            equal 0xade0b876u (words[0]))

        testCase "bytes come straight to where they are wanted, the same as word by word, from any place and of any length" (fun () ->
            for before in [ 0; 1; 15; 16; 17; 40 ] do
                for length in [ 0; 1; 3; 4; 63; 64; 65; 127; 128; 1023; 1024; 1500; 4099 ] do
                    let filled, single = SeededRng.FromSeed 9UL, SeededRng.FromSeed 9UL

                    for _ in 1..before do
                        equal (single.NextUInt32()) (filled.NextUInt32())

                    let bytes = Array.zeroCreate<byte>(length + 1)
                    filled.Fill(Span(bytes, 0, length))

                    let words = [|
                        for _ in 1 .. (length + 3) / 4 -> BitConverter.GetBytes(single.NextUInt32())
                    |]

                    equal (Array.truncate length (Array.concat words)) bytes[.. length - 1]
                    equal 0uy bytes[length]
                    equal single.State filled.State
                    equal single.WordsDrawn filled.WordsDrawn
                    equal (single.NextUInt64()) (filled.NextUInt64()))
    ]

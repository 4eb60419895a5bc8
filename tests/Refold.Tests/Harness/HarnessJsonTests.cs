// The JSON of the four entries: the seed's bytes, integers as numbers and as strings, and what is refused.
// Run by `dotnet test`.
using System.Text;
using Xunit;
using static Refold.ReplayJournalEntry;

namespace Refold.Tests.Harness;

public class HarnessJsonTests
{
    private static readonly (string Json, ReplayJournalEntry Entry)[] Written =
    [
        ("""{"DeviceCmd":{"ts_micros":12,"name":"open","payload":"0"}}""", new DeviceCommand(12, "open", "0")),
        ("""{"KernelCmd":{"ts_micros":0,"kind":"gemm","payload":"{\"m\":1}"}}""", new KernelCommand(0, "gemm", """{"m":1}""")),
        ("""{"RngSeed":{"actor_path":"..","seed":1}}""", new RngSeed("..", 1)),
        ("""{"BatchSize":{"actor_path":"","size":32}}""", new BatchSize("", 32)),
        ("""{"RngSeed":{"actor_path":"a","seed":9007199254740991}}""", new RngSeed("a", (1UL << 53) - 1)),
        ("""{"RngSeed":{"actor_path":"a","seed":"9007199254740992"}}""", new RngSeed("a", 1UL << 53)),
        ("""{"RngSeed":{"actor_path":"a","seed":"9007199254740993"}}""", new RngSeed("a", (1UL << 53) + 1)),
        ("""{"RngSeed":{"actor_path":"a","seed":"18446744073709551615"}}""", new RngSeed("a", ulong.MaxValue)),
        ("""{"BatchSize":{"actor_path":"a","size":"18446744073709551615"}}""", new BatchSize("a", ulong.MaxValue)),
        ("""{"DeviceCmd":{"ts_micros":"18446744073709551615","name":"","payload":""}}""", new DeviceCommand(ulong.MaxValue, "", "")),
        // Texts as the seed escapes them: what must be, and nothing else.
        (
            "{\"RngSeed\":{\"actor_path\":\"\\b\\f\\n\\r\\t\\u0000\\u001f\\\"\\\\/\u007f\u00e9\u2028\ud83d\ude00<&>'\",\"seed\":1}}",
            new RngSeed("\b\f\n\r\t\0\u001f\"\\/\u007f\u00e9\u2028\ud83d\ude00<&>'", 1)
        ),
    ];

    [Fact]
    public void EachEntry_IsWrittenAsTheSeedDoes_ButForNumbersThatReadersRound_AndReadAgain()
    {
        foreach (var (json, entry) in Written)
        {
            var encoded = ReplayJournalEntry.Codec.Encode(entry);
            Assert.Equal(json, Encoding.UTF8.GetString(encoded.Payload.Span));
            Assert.Equal(("replay-journal-entry", 1), (encoded.Type, encoded.SchemaVersion));
            Assert.Equal(entry, ReplayJournalEntry.Codec.Decode(encoded));
        }
    }

    [Theory]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":"1"}}""", 1UL)]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":9007199254740993}}""", 9007199254740993UL)]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":18446744073709551615}}""", ulong.MaxValue)]
    [InlineData(""" { "RngSeed" : { "seed" : 0 , "actor_path" : "\u0061" } } """, 0UL)]
    public void Integers_AreReadAsNumberAndAsString_InAnyOrderOfMembers(string json, ulong seed) =>
        Assert.Equal(new RngSeed("a", seed), Read(json));

    [Theory]
    [InlineData("", "")]
    [InlineData("null", "object")]
    [InlineData("[]", "object")]
    [InlineData("\"RngSeed\"", "object")]
    [InlineData("{}", "the case is missing")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1}""", "")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1}}x""", "")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1}}{}""", "")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1},"RngSeed":{"actor_path":"a","seed":1}}""", "more than one case")]
    [InlineData("""{"Seed":{"actor_path":"a","seed":1}}""", "'Seed' is no case; known are DeviceCmd, KernelCmd, RngSeed, BatchSize")]
    [InlineData("""{"rngSeed":{"actor_path":"a","seed":1}}""", "'rngSeed' is no case")]
    [InlineData("""{"RngSeed":null}""", "RngSeed is no object")]
    [InlineData("""{"RngSeed":{"seed":1}}""", "RngSeed has no 'actor_path'")]
    [InlineData("""{"RngSeed":{"actor_path":"a"}}""", "RngSeed has no 'seed'")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1,"size":1}}""", "no member 'size'; it has actor_path, seed")]
    [InlineData("""{"RngSeed":{"actor_path":"a","actor_path":"a","seed":1}}""", "'actor_path' is there twice")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1,"seed":1}}""", "'seed' is there twice")]
    [InlineData("""{"RngSeed":{"actor_path":null,"seed":1}}""", "'actor_path' is no text")]
    [InlineData("""{"RngSeed":{"actor_path":1,"seed":1}}""", "'actor_path' is no text")]
    [InlineData("""{"RngSeed":{"actor_path":"\ud800","seed":1}}""", "")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":true}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":-1}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":-0}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1.0}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":1e2}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":18446744073709551616}}""", "18446744073709551615")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":"18446744073709551616"}}""", "18446744073709551615")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":"01"}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":" 1"}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":"+1"}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":"\u0661"}}""", "'seed' is no integer")]
    [InlineData("""{"RngSeed":{"actor_path":"a","seed":""}}""", "'seed' is no integer")]
    public void WhatIsNoEntry_IsRefused_AndTheReasonNamed(string json, string reason)
    {
        var refused = Assert.Throws<CodecException>(() => Read(json));
        Assert.Equal("undecodable", refused.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    // Every byte of each form, changed, left out, doubled and cut off: an entry that comes back from what it writes, or a refusal.
    [Fact]
    public void DamagedJson_IsAnEntryOrRefused_NothingElse()
    {
        var (read, refused) = (0, 0);
        foreach (var (json, _) in Written)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(json);
            for (var at = 0; at < bytes.Length; at++)
            {
                byte[][] damaged =
                [
                    [.. bytes[..at], (byte)(bytes[at] ^ 1), .. bytes[(at + 1)..]], [.. bytes[..at], 0xff, .. bytes[(at + 1)..]],
                    [.. bytes[..at], .. bytes[(at + 1)..]], [.. bytes[..at], bytes[at], .. bytes[at..]], bytes[..at],
                ];
                foreach (byte[] payload in damaged)
                {
                    try
                    {
                        var entry = ReplayJournalEntry.Codec.Decode(new Encoded(EntryType, 1, payload));
                        Assert.Equal(entry, ReplayJournalEntry.Codec.Decode(ReplayJournalEntry.Codec.Encode(entry)));
                        read++;
                    }
                    catch (CodecException)
                    {
                        refused++;
                    }
                }
            }
        }

        Assert.InRange(read, 100, int.MaxValue);
        Assert.InRange(refused, 1000, int.MaxValue);
    }

    private static ReplayJournalEntry Read(string json) =>
        ReplayJournalEntry.Codec.Decode(new Encoded(EntryType, 1, Encoding.UTF8.GetBytes(json)));
}

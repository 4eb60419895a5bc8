// What a codec writes of values at JSON paths, and what it reads and says.
// Run by `dotnet test`; the same of F# in Refold.Core.Tests.
using System.Text;
using Xunit;

namespace Refold.Tests.Redaction;

public class RedactedCodecTests
{
    private static readonly Codec<Charge> charge = Codec.Json(WalletJson.Default.Charge, "charge");
    private static readonly Codec<List<Card>> cards = Codec.Json(WalletJson.Default.ListCard, "cards");

    private static readonly Codec<string> json = Codec.Create<string>(
        "json", text => Encoding.UTF8.GetBytes(text), payload => Encoding.UTF8.GetString(payload.Span));

    [Theory]
    [InlineData("{\"a\":1,\"b\":2}", "{\"$redacted\":{\"a\":\"[redacted]\",\"b\":2}}", "$.a")]
    [InlineData(
        "{\"a\":{\"x\":[1,{\"y\":null}]},\"b\":12345678901234567890}",
        "{\"$redacted\":{\"a\":\"[redacted]\",\"b\":12345678901234567890}}", "$.a")]
    [InlineData("{\"a\":{\"b\":null}}", "{\"$redacted\":{\"a\":{\"b\":\"[redacted]\"}}}", "$.a.b")]
    [InlineData(
        "{\"a\":[{\"b\":1},{\"c\":2},[{\"b\":3}]]}",
        "{\"$redacted\":{\"a\":[{\"b\":\"[redacted]\"},{\"c\":2},[{\"b\":\"[redacted]\"}]]}}", "$.a[*].b")]
    [InlineData("{\"a\":[1,2]}", "{\"$redacted\":{\"a\":[\"[redacted]\",\"[redacted]\"]}}", "$.a[*]")]
    [InlineData("{\"a\":[{\"b\":1}]}", "{\"$redacted\":{\"a\":[{\"b\":\"[redacted]\"}]}}", "$.a.b")]
    [InlineData("{\"a\":{\"x\":{\"b\":1},\"y\":2}}", "{\"$redacted\":{\"a\":{\"x\":{\"b\":\"[redacted]\"},\"y\":2}}}", "$.a[*].b")]
    [InlineData("{\"a\":{\"x\":1,\"y\":[2]}}", "{\"$redacted\":{\"a\":{\"x\":\"[redacted]\",\"y\":\"[redacted]\"}}}", "$.a.*")]
    [InlineData("[{\"b\":1},2]", "{\"$redacted\":[{\"b\":\"[redacted]\"},2]}", "$.b")]
    [InlineData("{\"a\":1,\"b\":{\"c\":3}}", "{\"$redacted\":{\"a\":\"[redacted]\",\"b\":{\"c\":\"[redacted]\"}}}", "$.a", "$.b.c")]
    [InlineData("{\"\\u0061\":1}", "{\"$redacted\":{\"a\":\"[redacted]\"}}", "$.a")]
    [InlineData("{\"b\":1}", "{\"b\":1}", "$.a", "$.b.c", "$.b[*]")]
    [InlineData("\"text\"", "\"text\"", "$.a")]
    [InlineData("{\"a\":\"[redacted]\"}", "{\"$redacted\":{\"a\":\"[redacted]\"}}", "$.a")]
    public void WhatLiesAtAPath_IsReplaced_AndThePayloadSaysSo(string whole, string written, params string[] paths)
    {
        var encoded = json.WithRedaction(paths).Encode(whole);
        Assert.Equal(written, Encoding.UTF8.GetString(encoded.Payload.Span));
        // By one path after the other it is the same.
        var one = paths.Aggregate(json, (codec, path) => codec.WithRedaction(path));
        Assert.Equal(encoded, one.Encode(whole));
    }

    [Fact]
    public void WhatIsReadBack_HasTheTextInItsPlace_AndIsWrittenTheSame()
    {
        var codec = charge.WithRedaction("$.Card.Number");
        var encoded = codec.Encode(new Charge(new Card(Traces.Secret, "Ada"), 5));
        var back = codec.Decode(encoded);
        Assert.Equal(new Charge(new Card("[redacted]", "Ada"), 5), back);
        Assert.Equal(encoded, codec.Encode(back));
        // Nothing is kept by which two values could be told apart.
        Assert.Equal(encoded, codec.Encode(new Charge(new Card("0", "Ada"), 5)));
        Assert.Equal("charge", encoded.Type);
        // One that redacts nothing reads it all the same; one that knows of no redaction does not.
        Assert.Equal(back, charge.WithRedaction().Decode(encoded));
        Assert.Throws<CodecException>(() => charge.Decode(encoded));
        Assert.Equal(
            "{\"$redacted\":[{\"Holder\":\"Ada\",\"Number\":\"[redacted]\"}]}",
            Encoding.UTF8.GetString(cards.WithRedaction("$.Number").Encode([new Card("1", "Ada")]).Payload.Span));
    }

    [Fact]
    public void Upcasts_SeeWhatThePayloadHolds_WheneverTheyAreAdded()
    {
        var older = charge.WithRedaction("$.Card.Number").Encode(new Charge(new Card(Traces.Secret, "Ada"), 5));
        Codec<Charge> Raised(Codec<Charge> codec) => codec.WithVersion("charge", 2).WithJsonUpcast("charge", 1, payload =>
        {
            payload["Amount"] = (int)payload["Amount"]! + 1;
            return payload;
        });
        Codec<Charge>[] codecs = [Raised(charge.WithRedaction("$.Card.Number")), Raised(charge).WithRedaction("$.Card.Number")];
        foreach (var codec in codecs)
        {
            Assert.Equal(6, codec.Decode(older).Amount);
            Assert.Equal(2, codec.Encode(new Charge(new Card("1", "Ada"), 5)).SchemaVersion);
            // What was written before anything was redacted is read, too.
            Assert.Equal(6, codec.Decode(charge.Encode(new Charge(new Card("1", "Ada"), 5))).Amount);
        }
    }

    // It would be read as a redacted one: the value would be lost, or taken for one that cannot be compared.
    [Theory]
    [InlineData("{\"$redacted\":1}", true)]
    [InlineData("{\"$redacted\":{\"a\":1}}", true)]
    [InlineData("{\"$redacted\":{\"$redacted\":{\"a\":1}}}", true)]
    [InlineData("{\"$redacted\":1,\"a\":2}", false)]
    [InlineData("{\"a\":{\"$redacted\":1}}", false)]
    [InlineData("[{\"$redacted\":1}]", false)]
    public async Task TheFormOfARedactedPayload_IsRefusedToValues_AndNothingIsAppended(string payload, bool isRefused)
    {
        Codec<string>[] codecs = [json, json.WithRedaction("$.a"), json.WithRedaction("$.b"), json.WithRedaction()];
        foreach (var codec in codecs)
        {
            var aggregate = Aggregate.Create(
                "raw", "", (Step _, string _, string asked) => Decision.Accept<string, string>([asked]), (_, one) => one,
                codec, codec, codec);
            await using var journal = new InMemoryJournal();
            await using var run = await journal.StartAsync();
            if (isRefused)
            {
                Assert.Equal("unencodable", Assert.Throws<CodecException>(() => codec.Encode(payload)).Code);
                await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(aggregate).ExecuteAsync("raw/1", payload));
                Assert.Single(journal.ReadAll());
            }
            else
            {
                await run.Streams(aggregate).ExecuteAsync("raw/1", payload);
                Assert.NotEqual(ReplayVerdict.Diverged, (await journal.VerifyAsync(run.Id, aggregate)).Verdict);
            }
        }
    }

    [Theory]
    [InlineData("no JSON 4929")]
    [InlineData("{\"a\":1,\"a\":\"4929\"}")]
    [InlineData("{\"a\":\"4929\"")]
    [InlineData("")]
    public void APayloadInWhichAPathMayHide_IsNotWritten(string payload)
    {
        var refused = Assert.Throws<CodecException>(() => json.WithRedaction("$.a").Encode(payload));
        Assert.DoesNotContain("4929", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyAValueCannotBeEncoded_IsNotTold()
    {
        Codec<string> Failing(Func<string, Exception> thrown) =>
            Codec.Create<string>("failing", value => throw thrown(value), _ => "").WithRedaction("$.a");
        Codec<string>[] codecs = [Failing(value => new FormatException(value)), Failing(value => new InvalidOperationException(value))];
        foreach (var codec in codecs)
        {
            var refused = Assert.Throws<CodecException>(() => codec.Encode(Traces.Secret));
            Assert.Empty(Traces.In(refused.ToString()));
            Assert.Equal("unencodable", refused.Code);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("$")]
    [InlineData("$.")]
    [InlineData("$.a..b")]
    [InlineData("$.a[0]")]
    [InlineData("Authorization")]
    [InlineData("?token")]
    public void WhatIsNoPath_IsRefused(string path) => Assert.ThrowsAny<ArgumentException>(() => charge.WithRedaction(path));

    [Theory]
    [InlineData("$.card.number")]
    [InlineData("$.Card.Numbr")]
    [InlineData("$.Card.Number.Length")]
    [InlineData("$.Card[*].Number")]
    [InlineData("$.Number")]
    public void APathThatCanLeadNowhere_IsRefused(string path)
    {
        var refused = Assert.Throws<ArgumentException>(() => charge.WithRedaction("$.Amount", path));
        Assert.Contains("leads nowhere in the JSON of Charge", refused.Message, StringComparison.Ordinal);
        // Others are not known.
        json.WithRedaction(path);
    }

    [Fact]
    public void APathThatLeadsSomewhereInOneOfSeveralTypes_IsTaken()
    {
        Wallet.Aggregate.Events.WithRedaction("$.Digits", "$.Amount");
        Assert.Throws<ArgumentException>(() => Wallet.Aggregate.Events.WithRedaction("$.digits"));
        cards.WithRedaction("$.*.Number", "$.Holder");
        Assert.Throws<ArgumentException>(() => cards.WithRedaction("$.*.*.Number"));
    }

    [Fact]
    public async Task AnEventThatCannotHoldAText_IsRefusedByName_AndACommandIsNot()
    {
        var number = Codec.Json(WalletJson.Default.Charge, "charge").WithRedaction("$.Amount");
        Aggregate<long, Charge, Charge, string> Of(Codec<Charge> commands, Codec<Charge> events) => Aggregate.Create(
            "sum", 0L, (Step _, long _, Charge asked) => Decision.Accept<Charge, string>([asked]), (sum, one) => sum + one.Amount,
            commands, events, Codec.Text("refused"), Codec.Json(WalletJson.Default.Int64, "sum"));
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var asked = new Charge(new Card("1", "Ada"), 4929);
        var refused = await Assert.ThrowsAsync<StepFailedException>(
            () => run.Streams(Of(charge, number)).ExecuteAsync("sum/1", asked));
        Assert.Contains("charge", refused.Message, StringComparison.Ordinal);
        var done = await run.Streams(Of(number, charge)).ExecuteAsync("sum/2", asked);
        Assert.Equal(4929, done.State);
        var report = await journal.VerifyAsync(run.Id, Of(number, charge));
        Assert.Equal((ReplayVerdict.Incomplete, 1L), (report.Verdict, report.NotRedecidable));
    }
}

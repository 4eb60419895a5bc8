// The dispatch scenario as an aggregate, and its reading of logs.
// Run by `dotnet test`.
using System.Text;
using Refold.Cli.Scenarios;
using Xunit;

namespace Refold.Tests.Tool;

public class DispatchTests
{
    private const string Good =
        "192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326 \"-\" \"Mozilla/4.08 [en]\"";

    [Fact]
    public void Line_IsTakenApart()
    {
        var line = AccessLog.TryParse(Good)!;
        Assert.Equal(new DateTimeOffset(2000, 10, 10, 20, 55, 36, TimeSpan.Zero), line.Time);
        Assert.Equal(TimeSpan.Zero, line.Time.Offset);
        Assert.Equal(("192.0.2.7", "frank", 200, 2326L), (line.Request.Client, line.Request.User, line.Request.Status, line.Request.Size));
        Assert.Equal("GET /apache_pb.gif HTTP/1.0", line.Request.Line);
    }

    [Fact]
    public void Quote_MayBeEscaped() =>
        Assert.Equal(
            """a \"b\" \\""",
            AccessLog.TryParse(Good.Replace("Mozilla/4.08 [en]", """a \"b\" \\""", StringComparison.Ordinal))!.Request.Agent);

    [Fact]
    public void AbsentSize_IsZero() =>
        Assert.Equal(0, AccessLog.TryParse(Good.Replace(" 2326 ", " - ", StringComparison.Ordinal))!.Request.Size);

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326")]
    [InlineData("192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326 \"-\" \"Mozilla")]
    [InlineData("192.0.2.7 - frank [31/Feb/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326 \"-\" \"-\"")]
    [InlineData("192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 99999999999999999999 \"-\" \"-\"")]
    [InlineData("192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 -1 \"-\" \"-\"")]
    [InlineData("192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326 \"-\" \"-\" more")]
    public void OtherLine_IsMalformed(string line) => Assert.Null(AccessLog.TryParse(line));

    [Fact]
    public void Clock_IsTheRunningMaximum_AlsoOverMalformedLines()
    {
        string earlier = Good.Replace("13:55:36", "12:00:00", StringComparison.Ordinal);
        var commands = Read($"broken\n{Good}\r\n{earlier}\nbroken");
        Assert.Equal([0, 971211336, 971211336, 971211336], commands.Select(command => command.Time.ToUnixTimeSeconds()));
        Assert.Equal(new RawLine("broken"), commands[0].Command);
        Assert.IsType<Request>(commands[2].Command);
    }

    [Fact]
    public void BytesThatAreNotUtf8_AreKeptAsLatin1()
    {
        byte[] line = [.. "caf"u8, 0xE9];
        Assert.Equal(new RawLine("caf\u00E9"), Assert.Single(DispatchInput.Read(new MemoryStream(line), "log")).Command);
    }

    [Fact]
    public async Task Malformed_IsRefused_AndALargeResponseTakesATime()
    {
        await using var journal = Journal.Open("memory:");
        await using var run = await journal.StartRunAsync(new RunPin("dispatch", "refold", Dispatch.Version, 42));
        var dispatch = run.Streams(Dispatch.Aggregate);
        var options = new ExecuteOptions { Time = DateTimeOffset.UnixEpoch };
        var refused = await dispatch.ExecuteAsync("dispatch", new RawLine("broken"), options);
        Assert.Equal(DispatchRefusal.Malformed, refused.Error);
        Assert.Equal(0UL, refused.DrawnWords);
        var largest = AccessLog.TryParse(Good)!.Request with { Size = long.MaxValue };
        var accepted = await dispatch.ExecuteAsync("dispatch", largest, options);
        Assert.True(Assert.Single(accepted.Events).Until > DateTimeOffset.UnixEpoch);
        Assert.True((await journal.VerifyAsync(run.Id, Dispatch.Aggregate)).Matched);
    }

    [Fact]
    public async Task TheLeastBusyOfTheDrawnBackends_IsTaken_AndWorkEnds()
    {
        await using var journal = Journal.Open("memory:");
        await using var run = await journal.StartRunAsync(new RunPin("dispatch", "refold", Dispatch.Version, 42));
        // With as many choices as backends nothing is left to chance but ties and times.
        var dispatch = run.Streams(Dispatch.Create(3, 3));
        var request = AccessLog.TryParse(Good)!.Request with { Size = 1L << 40 };
        var chosen = new List<int>();
        for (int index = 0; index < 3; index++)
            chosen.Add(
                (await dispatch.ExecuteAsync(
                    "dispatch", request, new ExecuteOptions { Time = DateTimeOffset.UnixEpoch })).Events[0].Backend);
        Assert.Equal([0, 1, 2], chosen.Order());

        var later = await dispatch.ExecuteAsync("dispatch", request, new ExecuteOptions { Time = DateTimeOffset.UnixEpoch.AddYears(1000) });
        Assert.Equal(0, later.Events[0].Outstanding);
        Assert.Single(later.State.Backends.SelectMany(busy => busy));
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(9, 8)]
    [InlineData(1, 0)]
    [InlineData(1, 10_001)]
    public void SettingsOutOfRange_Throw(int choices, int backends) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Dispatch.Create(choices, backends));

    private static List<TimedCommand> Read(string text) => [.. DispatchInput.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "log")];
}

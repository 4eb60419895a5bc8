// A file that was imported before is refused, so that a second `refold import` does not double a journal; and real files' times.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class RepeatedImportTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("""{"stream":"a","type":"t","time":"2024-01-02T03:04:05Z","data":1}""", "its first batch stands there from position 2 on")]
    [InlineData(
        """{"stream":"b","type":"t","id":"00000000-0000-4000-8000-000000000001","data":9}""",
        "the id 00000000-0000-4000-8000-000000000001 of its first entry is there, at position 3")]
    [InlineData(
        """{"stream":"c","type":"t","idempotencyKey":"k","data":9}""",
        "the idempotency key 'k' of its first entry is there, at position 4")]
    public void AFileThatWasImported_IsAConflict_AndAgainAppendsIt(string line, string what)
    {
        Import("""
            {"stream":"a","type":"t","data":0}
            {"stream":"a","type":"t","time":"2024-01-02T03:04:05Z","data":1}
            {"stream":"x","type":"t","id":"00000000-0000-4000-8000-000000000001","data":2}
            {"stream":"a","type":"t","idempotencyKey":"k","data":3}

            """).Expect(0);
        string error = Import(line + "\n").ExpectError(4);
        Assert.Contains(what, error, StringComparison.Ordinal);
        Assert.Contains("--resume", error, StringComparison.Ordinal);
        Assert.Contains("--again", error, StringComparison.Ordinal);
        Assert.Equal(4, Head());
        Import(line + "\n", "--again", "--resume").ExpectError(2);
        if (!line.Contains("idempotencyKey", StringComparison.Ordinal))
        {
            Import(line + "\n", "--again").Expect(0);
            Assert.Equal(5, Head());
        }
    }

    [Theory]
    [InlineData("""{"stream":"a","type":"t","time":"2024-01-02T03:04:06Z","data":1}""")]
    [InlineData("""{"stream":"a","type":"t","data":1}""")]
    [InlineData("""{"stream":"a","type":"u","time":"2024-01-02T03:04:05Z","data":1}""")]
    [InlineData("""{"stream":"b","type":"t","time":"2024-01-02T03:04:05Z","data":1}""")]
    public void AnotherTimeTypeOrStream_IsAnotherFile(string line)
    {
        Import("""{"stream":"a","type":"t","time":"2024-01-02T03:04:05Z","data":1}""" + "\n").Expect(0);
        Import(line + "\n").Expect(0);
        Assert.Equal(2, Head());
    }

    [Fact]
    public void AWholeBatchMustStandThere_InARow_AlsoOfSeveralStreams()
    {
        string one = """{"stream":"a","type":"t","data":1}""" + "\n";
        string two = """{"stream":"b","type":"t","data":2}""" + "\n";
        string other = """{"stream":"c","type":"t","data":3}""" + "\n";
        Import(one + two + other, "--batch", "2").Expect(0);
        Import(one + other, "--batch", "2").Expect(0);
        Assert.Contains("from position 1 on", Import(one + two, "--batch", "2").ExpectError(4), StringComparison.Ordinal);
        Assert.Contains("from position 4 on", Import(one + other + two, "--batch", "2").ExpectError(4), StringComparison.Ordinal);
        Assert.Equal(5, Head());
    }

    [Fact]
    public void AFileThatWasCutInsideABatch_IsNotGoneOnWith_AndTheLineIsNamed()
    {
        string[] lines = [.. Enumerable.Range(1, 6).Select(position => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $$"""{"position":{{position}},"version":{{position}},"batch":{{(position > 3 ? 4 : 1)}},"stream":"a","type":"t","data":1}"""))];
        string Text(int count) => string.Concat(lines.Take(count).Select(line => line + "\n"));
        Import(Text(5)).Expect(0);
        string error = Import(Text(6), "--resume").ExpectError(4);
        Assert.Contains("line 6: the journal ends in the middle of the batch of lines 4 to 6", error, StringComparison.Ordinal);
        Assert.Contains("--renumber", error, StringComparison.Ordinal);
        Assert.Equal(5, Head());
        Import(Text(6), "--resume", "--renumber").Expect(0);
        Assert.Equal(6, Head());
    }

    /// <summary>To go on would append its beginning a second time.</summary>
    [Fact]
    public void AnInterruptedImportBehindWhichSomethingCame_IsNotGoneOnWith()
    {
        string one = """{"stream":"a","type":"t","data":1}""" + "\n";
        string two = """{"stream":"a","type":"t","data":2}""" + "\n";
        string other = """{"stream":"c","type":"t","data":3}""" + "\n";
        Import(one).Expect(0);
        Import(other).Expect(0);
        foreach (string batch in new[] { "1", "2" })
        {
            string error = Import(one + two, "--resume", "--batch", batch).ExpectError(4);
            Assert.Contains("something else came behind them", error, StringComparison.Ordinal);
            Assert.Contains("--again", error, StringComparison.Ordinal);
        }

        Assert.Equal(2, Head());
        Import(one + two, "--again").Expect(0);
        Assert.Equal(4, Head());
        // That one is whole: a third import that is interrupted is gone on with.
        Import(one, "--again").Expect(0);
        Import(one + two, "--resume").Expect(0);
        Assert.Equal(6, Head());
    }

    /// <summary>What ends the journal by chance is not what an interrupted import left.</summary>
    [Fact]
    public void AnInterruptedImportBehindWhichItsFirstEntryCameAgain_IsNotGoneOnWith()
    {
        string Line(int number) => $$"""{"stream":"a","type":"t","data":{{number}}}""" + "\n";
        Import(Line(1) + Line(2)).Expect(0);
        Import(Line(1), "--again").Expect(0);
        Import(Line(1) + Line(2) + Line(3), "--resume").ExpectError(4);
        Assert.Equal(3, Head());
    }

    [Fact]
    public void TheExportOfAJournal_IsNotImportedIntoItAgain()
    {
        Import("""{"stream":"a","type":"t","data":1}""" + "\n").Expect(0);
        string export = RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Output;
        Import(export).ExpectError(4);
        Assert.Equal(1, Head());
    }

    [Theory]
    [InlineData("2024-01-02T03:04:05.123456700Z", "2024-01-02T03:04:05.1234567Z")]
    [InlineData("2024-01-02T03:04:05.100000000000+01:00", "2024-01-02T02:04:05.1Z")]
    public void ZerosBehindTheSeventhDigit_Pass(string written, string kept)
    {
        Import($$"""{"stream":"a","type":"t","time":"{{written}}","data":1}""" + "\n").Expect(0);
        string export = RefoldTool.Run("export", "--journal", directory.Journal()).Output;
        Assert.Contains($"\"time\":\"{kept}\"", export, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherDigits_AreCutOff_WhereThatIsAskedFor()
    {
        string line = """{"stream":"a","type":"t","time":"2024-01-02T03:04:05.123456789Z","data":1}""" + "\n";
        Assert.Contains("line 1: ", Import(line).ExpectError(3), StringComparison.Ordinal);
        Assert.Contains("--truncate-times cuts them off", Import(line).ExpectError(3), StringComparison.Ordinal);
        Import(line, "--truncate-times").Expect(0);
        Assert.Contains(
            "\"time\":\"2024-01-02T03:04:05.1234567Z\"", RefoldTool.Run("export", "--journal", directory.Journal()).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AMarkAtTheBeginning_AndAnEmptyLastLine_AreNamed()
    {
        string line = """{"stream":"a","type":"t","data":1}""" + "\n";
        Assert.Contains(
            "line 1: the file begins with a byte order mark (EF BB BF)", Import("\uFEFF" + line).ExpectError(3), StringComparison.Ordinal);
        File.WriteAllBytes(directory.File("in"), [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(line)]);
        string wide = RefoldTool.Run("import", directory.File("in"), "--journal", directory.Journal()).ExpectError(3);
        Assert.Contains("UTF-16", wide, StringComparison.Ordinal);
        Assert.Contains(
            "line 2: the line is empty; every line is an entry: remove it", Import(line + "\n").ExpectError(3), StringComparison.Ordinal);
        Assert.Contains("line 2: the line is empty", Import(line + " \r\n").ExpectError(3), StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Fact]
    public void StandardInput_IsReadTwice_AndALineThatNoEntryHasIsRefusedOnTheWay()
    {
        var good = new MemoryStream("""{"stream":"a","type":"t","data":1}"""u8.ToArray());
        RefoldTool.RunGiven(new Pipe(good), default, "import", "-", "--journal", directory.Journal()).Expect(0);
        Assert.Equal(1, Head());
        string[] import = ["import", "-", "--journal", directory.Journal()];
        string error = RefoldTool.RunGiven(new Pipe(new Endless()), default, import).ExpectError(3);
        Assert.Contains("a line of more than 96 MiB", error, StringComparison.Ordinal);
    }

    private ToolResult Import(string text, params string[] more) =>
        RefoldTool.Run(["import", directory.Write("in.ndjson", text), "--journal", directory.Journal(), .. more]);

    private long Head()
    {
        using var journal = new Opened(directory.Journal());
        return journal.Value.Head.Position;
    }

    /// <summary>Letters without an end.</summary>
    private sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'x');
            return count;
        }
    }

    /// <summary>A stream that cannot be sought, as a pipe.</summary>
    private sealed class Pipe(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

// The page facade/docs/codecs.md as it stands: its C# is the code below, its F# that of properties/CodecsExamples.fs.
// Run by `dotnet test`.
using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class CodecsPageTests
{
    [Theory]
    [InlineData("csharp", "tests/Refold.Tests/Documentation/CodecsPageTests.cs")]
    [InlineData("fsharp", "properties/CodecsExamples.fs")]
    public void ItsCode_IsTheCodeOfTheTests(string language, string file)
    {
        var blocks = Fence().Matches(SourceTree.Read("facade/docs/codecs.md")).Where(block => block.Groups[1].Value == language);
        Assert.Contains(Flat(Assert.Single(blocks).Groups[2].Value), Flat(SourceTree.Read(file)), StringComparison.Ordinal);
    }

    [Fact]
    public void BothForms_WriteTheSameBytes_AndReadWhatTheOtherWrote()
    {
        var moved = Codec.Create<long>(
            "moved",
            (amount, writer) =>
            {
                BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), amount);
                writer.Advance(8);
            },
            payload => payload.Length == 8
                ? BinaryPrimitives.ReadInt64LittleEndian(payload)
                : throw new FormatException("8 bytes expected"));
        var ofArrays = Codec.Create<long>("moved", amount => BitConverter.GetBytes(amount), payload => BitConverter.ToInt64(payload.Span));
        Assert.Equal(ofArrays.Encode(5), moved.Encode(5));
        Assert.Equal(5, moved.Decode(ofArrays.Encode(5)));
        Assert.Equal(5, ofArrays.Decode(moved.Encode(5)));
        Assert.Equal("undecodable", Assert.Throws<CodecException>(() => moved.Decode(new Encoded("moved", 1, new byte[7]))).Code);
    }

    // Without spaces at the beginning of lines.
    private static string Flat(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    [GeneratedRegex("^```([a-z]+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}

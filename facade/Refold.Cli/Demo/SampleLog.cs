// A small access log in the combined format, made from a seed: the same bytes everywhere.
// Called by `refold demo` where no log is given.
using System.Globalization;
using System.Text;

namespace Refold.Cli.Demo;

internal static class SampleLog
{
    private const ulong Seed = 2015;

    private static readonly DateTimeOffset Start = new(2015, 5, 17, 10, 5, 3, TimeSpan.Zero);
    private static readonly string[] Paths =
    [
        "/", "/favicon.ico", "/blog/tags/puppet", "/images/jordan-80.png", "/style2.css", "/robots.txt", "/projects/xdotool/"
    ];
    private static readonly string[] Agents =
    [
        "Mozilla/5.0 (X11; Linux x86_64)", "Googlebot/2.1", "curl/7.22.0", "UniversalFeedParser/4.2"
    ];

    /// <summary>Lines with line feeds. Time goes back now and then, as in real logs, and one line is broken off.</summary>
    public static byte[] Create(int lines)
    {
        var random = SeededRng.FromSeed(Seed);
        var text = new StringBuilder();
        var clock = Start;
        for (int line = 0; line < lines; line++)
        {
            clock = clock.AddSeconds(random.Between(-1, 3));
            string whole = Line(random, clock);
            text.Append(line == lines / 3 ? whole[..(whole.Length / 2)] : whole).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string Line(SeededRng random, DateTimeOffset clock)
    {
        string time = clock.ToString("dd/MMM/yyyy:HH:mm:ss", CultureInfo.InvariantCulture);
        string size = random.Chance(0.05) ? "-" : ((int)random.Exponential(40_000)).ToString(CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"192.0.2.{random.Between(1, 254)} - - [{time} +0000] \"GET {random.Pick(Paths)} HTTP/1.1\" "
            + $"{random.Pick([200, 200, 200, 304, 404])} {size} \"-\" \"{random.Pick(Agents)}\"");
    }
}

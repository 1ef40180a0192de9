/*
 * Run by build.sh after every build: what AeadSrtpSender encrypts, libsrtp must decrypt to the very same packet. Both
 * suites, headers of every shape, empty payloads, several streams at once, sequence numbers that wrap around twice, late
 * retransmissions across the wrap, and a stream that was removed and began anew.
 */
#include "RTC/AeadSrtpSender.hpp"
#include <srtp2/srtp.h>
#include <cstdio>
#include <cstdlib>
#include <vector>

static uint32_t randomState{ 12345 };

static uint32_t Random()
{
	randomState = (randomState * 1664525u) + 1013904223u;

	return randomState >> 8;
}

static std::vector<uint8_t> MakePacket(uint32_t ssrc, uint16_t seq)
{
	const size_t csrcs      = Random() % 4 == 0 ? Random() % 4 : 0;
	const bool extension    = Random() % 2 == 0;
	const size_t words      = extension ? Random() % 5 : 0;
	const size_t headerLen  = 12 + (csrcs * 4) + (extension ? 4 + (words * 4) : 0);
	const size_t payloadLen = Random() % 10 == 0 ? 0 : Random() % 1200;
	std::vector<uint8_t> packet(headerLen + payloadLen);

	for (auto& byte : packet)
	{
		byte = static_cast<uint8_t>(Random());
	}

	packet[0] = static_cast<uint8_t>(0x80 | (extension ? 0x10 : 0) | csrcs);
	packet[2] = static_cast<uint8_t>(seq >> 8);
	packet[3] = static_cast<uint8_t>(seq);
	packet[8] = static_cast<uint8_t>(ssrc >> 24);
	packet[9] = static_cast<uint8_t>(ssrc >> 16);
	packet[10] = static_cast<uint8_t>(ssrc >> 8);
	packet[11] = static_cast<uint8_t>(ssrc);

	if (extension)
	{
		const size_t at = 12 + (csrcs * 4);

		packet[at + 2] = 0;
		packet[at + 3] = static_cast<uint8_t>(words);
	}

	return packet;
}

static void Fail(const char* what, int number)
{
	std::fprintf(stderr, "self-test: %s (%d)\n", what, number);
	std::exit(1);
}

static void Check(size_t keyLen)
{
	uint8_t key[SRTP_MAX_KEY_LEN]{};

	for (size_t idx{ 0 }; idx < keyLen + 12; ++idx)
	{
		key[idx] = static_cast<uint8_t>(Random());
	}

	srtp_policy_t policy{};

	if (keyLen == 32)
	{
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
	}
	else
	{
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	}

	policy.ssrc.type   = ssrc_any_inbound;
	policy.key         = key;
	policy.window_size = 1024;

	srtp_t receiver{ nullptr };

	if (srtp_create(&receiver, &policy) != srtp_err_status_ok)
	{
		Fail("libsrtp has no session", static_cast<int>(keyLen));
	}

	auto* sender = RTC::AeadSrtpSender::Create(key, keyLen + 12);

	if (!sender)
	{
		Fail("no sender", static_cast<int>(keyLen));
	}

	uint16_t seqs[3]{ 30000, 1000, 65000 };
	std::vector<uint8_t> late;

	for (int number{ 0 }; number < 400000; ++number)
	{
		const uint32_t stream = static_cast<uint32_t>(number % 3);
		auto packet           = MakePacket(1000u + stream, seqs[stream]++);

		// One in 50 is held back and comes some packets later, also across a wrap.
		if (number % 50 == 7 && late.empty())
		{
			late = packet;

			continue;
		}
		else if (number % 50 == 40 && !late.empty())
		{
			std::swap(packet, late);
			late.clear();
		}

		std::vector<uint8_t> encrypted(packet.size() + RTC::AeadSrtpSender::TagLength);
		size_t encryptedLen{ 0 };

		if (!sender->Protect(packet.data(), packet.size(), encrypted.data(), &encryptedLen))
		{
			Fail("not encrypted", number);
		}

		int len = static_cast<int>(encryptedLen);

		if (srtp_unprotect(receiver, encrypted.data(), &len) != srtp_err_status_ok)
		{
			Fail("libsrtp refuses it", number);
		}

		if (static_cast<size_t>(len) != packet.size() || std::memcmp(packet.data(), encrypted.data(), packet.size()) != 0)
		{
			Fail("libsrtp reads something else", number);
		}
	}

	sender->RemoveStream(1000);
	srtp_remove_stream(receiver, htonl(1000));

	auto packet = MakePacket(1000, 5);
	std::vector<uint8_t> encrypted(packet.size() + RTC::AeadSrtpSender::TagLength);
	size_t encryptedLen{ 0 };
	sender->Protect(packet.data(), packet.size(), encrypted.data(), &encryptedLen);
	int len = static_cast<int>(encryptedLen);

	if (srtp_unprotect(receiver, encrypted.data(), &len) != srtp_err_status_ok)
	{
		Fail("a stream that began anew is refused", static_cast<int>(keyLen));
	}

	const uint8_t garbage[12]{ 0xBF, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 };

	if (sender->Protect(garbage, sizeof(garbage), encrypted.data(), &encryptedLen))
	{
		Fail("a header that ends outside of the packet was accepted", static_cast<int>(keyLen));
	}

	delete sender;
	srtp_dealloc(receiver);
}

int main()
{
	srtp_init();
	Check(16);
	Check(32);
	srtp_shutdown();

	return 0;
}

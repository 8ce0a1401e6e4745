// What the key store in software signs and seals with on Linux. Apple's platforms have CryptoKit.
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
